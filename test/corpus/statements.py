# SPDX-License-Identifier: Apache-2.0
"""Files of statements: each is followed by a line with nothing but `;`, so that psql reads them too
and a statement may have lines of its own."""

END = "\n;\n"


def read(path):
    with open(path, encoding="utf-8", newline="") as text:
        return [statement for statement in text.read().split(END) if statement]


def write(path, texts):
    with open(path, "w", encoding="utf-8", newline="") as out:
        for text in texts:
            if END in text:
                raise ValueError(f"a statement holds the separator: {text!r}")
            out.write(text + END)
