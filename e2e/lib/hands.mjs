// Two ways to use a page: with a pointer, or with nothing but the keyboard. The keyboard way reaches every control by Tab,
// so that what cannot be reached fails, and never focuses by script.

/** Clicks, taps and types. */
export class Pointer {
  constructor(page) {
    this.page = page;
  }

  async fill(control, text) {
    await control.fill(text);
  }

  async press(control) {
    await control.click();
  }

  /** A radio button or check box may be drawn by its label. */
  async choose(control) {
    const label = control.locator('xpath=ancestor::label');
    await ((await label.count()) ? label : control).click();
  }
}

export class Keyboard {
  constructor(page) {
    this.page = page;
  }

  async fill(control, text) {
    await this.reach(control);
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.type(text);
  }

  async press(control) {
    await this.reach(control);
    await this.page.keyboard.press('Enter');
  }

  /** Tab enters a group of radio buttons at its first or chosen one; arrows go on from there. */
  async choose(control) {
    const group = await control.getAttribute('name');
    const inGroup = () => this.page.evaluate((group) => document.activeElement?.getAttribute('name') === group, group);
    await this.walk(inGroup, `the group ${group}`);
    const focused = () => control.evaluate((element) => element === document.activeElement);
    for (let step = 0; step < 200 && !(await focused()); step += 1) {
      await this.page.keyboard.press('ArrowDown');
    }
    if (!(await control.isChecked())) {
      await this.page.keyboard.press('Space');
    }
    if (!(await control.isChecked())) {
      throw new Error(`${group} cannot be chosen by keyboard`);
    }
  }

  async reach(control) {
    await control.waitFor({ state: 'visible' });
    await this.walk(() => control.evaluate((element) => element === document.activeElement), String(control));
  }

  async walk(there, what) {
    for (let step = 0; step < 300; step += 1) {
      if (await there()) {
        return;
      }
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`${what} cannot be reached by Tab`);
  }
}
