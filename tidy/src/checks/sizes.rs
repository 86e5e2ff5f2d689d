//! Sizes: a function fits on a screen (70 lines), a file is read in one sitting (600 lines).
//! Longer ones become a folder of the same name. Generated files are not in the tree.

use crate::rust;
use crate::{Finding, Tree};

pub const FUNCTION_LINES_MAX: usize = 70;
pub const FILE_LINES_MAX: usize = 600;
const SIZED: [&str; 6] = ["rs", "mjs", "js", "css", "html", "sql"];

pub fn functions(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.ending("rs") {
        for function in rust::functions(&rust::scan(&file.text).code) {
            let lines = function.last - function.first + 1;
            if lines > FUNCTION_LINES_MAX {
                let what = format!("fn {} has {lines} lines, {FUNCTION_LINES_MAX} are allowed", function.name);
                found.push(Finding::new(&file.path, function.first, what));
            }
        }
    }
    found
}

pub fn files(tree: &Tree) -> Vec<Finding> {
    tree.files
        .iter()
        .filter(|file| SIZED.iter().any(|ending| file.ends(ending)))
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(file, lines)| Finding::new(&file.path, 0, format!("{lines} lines, {FILE_LINES_MAX} are allowed")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    #[test]
    fn functions_of_seventy_lines_pass_and_of_seventy_one_do_not() {
        let good = format!("fn good() {{\n{}}}\n", "    x();\n".repeat(68));
        let bad = format!("fn bad() {{\n{}}}\n", "    x();\n".repeat(69));
        let found = on(functions, &[("a.rs", &good), ("b.rs", &bad)]);
        assert_eq!(found, ["b.rs:1: fn bad has 71 lines, 70 are allowed"]);
    }

    #[test]
    fn files_of_six_hundred_lines_pass_and_longer_ones_do_not() {
        let good = "x\n".repeat(600);
        let bad = "x\n".repeat(601);
        let found = on(files, &[("a.css", &good), ("b.mjs", &bad), ("c.json", &bad)]);
        assert_eq!(found, ["b.mjs:0: 601 lines, 600 are allowed"]);
    }
}
