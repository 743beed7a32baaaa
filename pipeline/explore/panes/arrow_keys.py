"""Arrow keys for the plane: they move the decoded place where a pointer cannot."""

from __future__ import annotations

import param
from panel.custom import JSComponent


class ArrowKeys(JSComponent):
    """Reports arrow keys that are pressed while the plot beside it has the focus.

    It draws nothing; it listens on the element that contains it and the plot.
    """

    pressed = param.List([], doc="Steps across and up, and how many keys have been pressed.")

    _esm = """
    const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }
    const ABOUT = "Plane of the vectors. Arrow keys move the decoded place, with Shift farther."

    export function render({ model, view }) {
      const around = view.parent.el
      const is_plot = (one) => one.classList?.contains("bk-events")
      const plot = (event) => event.composedPath().find(is_plot)
      let presses = 0
      around.addEventListener("keydown", (event) => {
        const step = STEPS[event.key]
        if (!step || !plot(event) || event.ctrlKey || event.altKey || event.metaKey) return
        event.preventDefault()
        presses += 1
        model.pressed = [...step.map((way) => way * (event.shiftKey ? 5 : 1)), presses]
      })
      around.addEventListener("focusin", (event) => {
        const focused = plot(event)
        if (!focused) return
        focused.setAttribute("role", "application")
        focused.setAttribute("aria-label", ABOUT)
      })
    }
    """
