"""What can be wrong with a row of a table besides what stands in it, and what is left as it is; in both languages."""

from typing import Final

from nemboks.content.cvr_table_words import Said

NOT_HERE: Final = Said(
    "CVR-nummeret kan ikke importeres her. Skriv til driften, hvis virksomheden er jeres.",
    "The CVR number cannot be imported here. Write to those who run Nemboks if the company is yours.",
)
IN_SETTINGS: Final = Said(
    "CVR-nummeret står i indstillingsfilen; ret det dér.",
    "The CVR number is in the settings file; change it there.",
)
OTHER_ADDRESS: Final = Said(
    "Adressen er en anden end den, brevene går til ({now}). En fil ændrer den ikke: brug `nemboks address set`.",
    "The address is not the one that letters go to ({now}). No file changes it: use `nemboks address set`.",
)
NOT_CHANGED: Final = Said(
    "Ikke ændret: du har ikke ret til det. En ejer eller administrator kan.",
    "Not changed: you have no right to this. An owner or administrator has.",
)
