"""Units that leave a row, to be counted: of a ledger on a server."""

from sqlalchemy import text

NOTE = text("INSERT INTO anchors (number, hash, at, \"where\") VALUES (:n, '', '', 'test')")


def note(n):
    """A unit that leaves one row."""

    def unit(tx):
        tx.execute(NOTE, {"n": n})
        return n

    return unit


def notes(driver):
    return [n for (n,) in driver.execute("SELECT number FROM anchors ORDER BY id").fetchall()]
