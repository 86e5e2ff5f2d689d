/// Written by frontend/build.mjs, sorted by name.
pub static ASSETS: &[Asset] = &[
    Asset { name: "arbeit.js", path: "arbeit.ae539e65.js", mime: "text/javascript; charset=utf-8", raw: include_bytes!("files/arbeit.ae539e65.js"), br: include_bytes!("files/arbeit.ae539e65.js.br"), gz: include_bytes!("files/arbeit.ae539e65.js.gz") },
    Asset { name: "favicon.svg", path: "favicon.229a3c6f.svg", mime: "image/svg+xml", raw: include_bytes!("files/favicon.229a3c6f.svg"), br: include_bytes!("files/favicon.229a3c6f.svg.br"), gz: include_bytes!("files/favicon.229a3c6f.svg.gz") },
    Asset { name: "fira-400.woff2", path: "fira-400.951ccf94.woff2", mime: "font/woff2", raw: include_bytes!("files/fira-400.951ccf94.woff2"), br: &[], gz: &[] },
    Asset { name: "fira-500.woff2", path: "fira-500.646ebb7c.woff2", mime: "font/woff2", raw: include_bytes!("files/fira-500.646ebb7c.woff2"), br: &[], gz: &[] },
    Asset { name: "fira-600.woff2", path: "fira-600.85469bf3.woff2", mime: "font/woff2", raw: include_bytes!("files/fira-600.85469bf3.woff2"), br: &[], gz: &[] },
    Asset { name: "fira-700.woff2", path: "fira-700.e100f920.woff2", mime: "font/woff2", raw: include_bytes!("files/fira-700.e100f920.woff2"), br: &[], gz: &[] },
    Asset { name: "fira-more-400.woff2", path: "fira-more-400.e0f22f7b.woff2", mime: "font/woff2", raw: include_bytes!("files/fira-more-400.e0f22f7b.woff2"), br: &[], gz: &[] },
    Asset { name: "fira-more-600.woff2", path: "fira-more-600.8863e2cc.woff2", mime: "font/woff2", raw: include_bytes!("files/fira-more-600.8863e2cc.woff2"), br: &[], gz: &[] },
    Asset { name: "icons.svg", path: "icons.2e8ba747.svg", mime: "image/svg+xml", raw: include_bytes!("files/icons.2e8ba747.svg"), br: include_bytes!("files/icons.2e8ba747.svg.br"), gz: include_bytes!("files/icons.2e8ba747.svg.gz") },
    Asset { name: "karte.css", path: "karte.e0395247.css", mime: "text/css; charset=utf-8", raw: include_bytes!("files/karte.e0395247.css"), br: include_bytes!("files/karte.e0395247.css.br"), gz: include_bytes!("files/karte.e0395247.css.gz") },
    Asset { name: "karte.js", path: "karte.9aef3fea.js", mime: "text/javascript; charset=utf-8", raw: include_bytes!("files/karte.9aef3fea.js"), br: include_bytes!("files/karte.9aef3fea.js.br"), gz: include_bytes!("files/karte.9aef3fea.js.gz") },
    Asset { name: "kern.js", path: "kern.2205f3dc.js", mime: "text/javascript; charset=utf-8", raw: include_bytes!("files/kern.2205f3dc.js"), br: include_bytes!("files/kern.2205f3dc.js.br"), gz: include_bytes!("files/kern.2205f3dc.js.gz") },
    Asset { name: "noto-400.woff2", path: "noto-400.8b94a497.woff2", mime: "font/woff2", raw: include_bytes!("files/noto-400.8b94a497.woff2"), br: &[], gz: &[] },
    Asset { name: "stadtplatz.css", path: "stadtplatz.66e8b7cf.css", mime: "text/css; charset=utf-8", raw: include_bytes!("files/stadtplatz.66e8b7cf.css"), br: include_bytes!("files/stadtplatz.66e8b7cf.css.br"), gz: include_bytes!("files/stadtplatz.66e8b7cf.css.gz") },
];
