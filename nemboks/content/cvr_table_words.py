"""What can be wrong with a table of companies, in both languages. Names in braces are filled in by the reader."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence or two, in Danish and English."""

    da: str
    en: str


LARGE: Final = Said(
    "Filen er over 2 MB. Del den i flere filer.",
    "The file is over 2 MB. Split it into several.",
)
WORKBOOK: Final = Said(
    "Det er et regneark, ikke en CSV-fil. Gem arket som »CSV UTF-8«, og brug den fil.",
    "This is a spreadsheet, not a CSV file. Save the sheet as 'CSV UTF-8' and use that file.",
)
CHARSET: Final = Said(
    "Filen kan ikke læses som tekst. Gem den som »CSV UTF-8«.",
    "The file cannot be read as text. Save it as 'CSV UTF-8'.",
)
GARBLED: Final = Said(
    "Æ, ø og å er ødelagt i filen (Ã¸ for ø). Gem den igen fra regnearket som »CSV UTF-8«.",
    "The letters æ, ø and å are garbled in the file (Ã¸ for ø). Save it again from the spreadsheet as 'CSV UTF-8'.",
)
EMPTY: Final = Said(
    "Filen er tom. Første linje er {template}; derefter en linje for hver virksomhed.",
    "The file is empty. The first line is {template}; then comes one line for each company.",
)
NO_COMPANIES: Final = Said(
    "Der er overskrifter, men ingen virksomheder. Skriv en linje for hver.",
    "There are headings, but no companies. Write one line for each.",
)
MANY: Final = Said(
    "Der er over {limit} virksomheder; resten er ikke læst. Del filen i flere.",
    "There are over {limit} companies; the rest was not read. Split the file into several.",
)
QUOTES: Final = Said(
    "Anførselstegnene passer ikke sammen, så rækken kan ikke læses. Et felt skal have et tegn i hver ende, "
    'og et " inde i feltet skrives to gange.',
    "The quotation marks do not match, so the row cannot be read. A cell has one at each end, "
    'and a " inside it is written twice.',
)
NO_COLUMN: Final = Said(
    "Kolonnen {named} mangler. Første linje kan være {template}.",
    "The column {named} is missing. The first line may be {template}.",
)
TWO_COLUMNS: Final = Said(
    "To kolonner er begge {named}: »{first}« og »{second}«. Fjern den ene.",
    "Two columns are both {named}: '{first}' and '{second}'. Remove one.",
)
UNKNOWN_COLUMN: Final = Said(
    "Kolonnen kendes ikke og bruges ikke.",
    "The column is not known and is not used.",
)
BEYOND: Final = Said(
    "Rækken har flere felter end overskrifter. Et felt med skilletegn i skal have anførselstegn omkring.",
    "The row has more cells than there are headings. A cell with a separator in it needs quotation marks around it.",
)
NO_CVR: Final = Said("CVR-nummeret mangler.", "The CVR number is missing.")
BAD_CVR: Final = Said(
    "Det er ikke et CVR-nummer: det har otte cifre, for eksempel 13748136.",
    "This is not a CVR number: it has eight digits, such as 13748136.",
)
CPR: Final = Said(
    "Det ligner et CPR-nummer. Kun virksomheders post er omfattet, ikke borgeres; et CVR-nummer har otte cifre.",
    "This looks like a CPR number. Only companies' boxes are in scope, not citizens'; a CVR number has eight digits.",
)
CPR_INSIDE: Final = Said(
    "Feltet har noget, der ligner et CPR-nummer, og det må ikke gemmes her. Skriv noget andet.",
    "The cell has something that looks like a CPR number, which may not be kept here. Write something else.",
)
DOUBTFUL_CVR: Final = Said(
    "CVR-nummerets kontrolciffer passer ikke. Se efter, om det er tastet rigtigt.",
    "The check digit of the CVR number does not fit. See whether it is typed correctly.",
)
TWICE: Final = Said(
    "Samme CVR-nummer står i række {first} og række {second}. Fjern den ene.",
    "The same CVR number stands in row {first} and row {second}. Remove one.",
)
NO_ADDRESS: Final = Said("Mailadressen mangler.", "The e-mail address is missing.")
BAD_ADDRESS: Final = Said(
    "Det er ikke en mailadresse, som der kan sendes til; skriv den som navn@firma.dk.",
    "This is not an address that mail can go to; write it as name@company.dk.",
)
FOREIGN_ADDRESS: Final = Said(
    "Andre tegn end a-z foran @ når kun frem til få mailservere; brug en anden adresse.",
    "Signs other than a-z before the @ reach few mail servers; give another address.",
)
UNSEEN: Final = Said(
    "Feltet har usynlige tegn eller linjeskift. Skriv det igen i stedet for at indsætte det.",
    "The cell has invisible signs or line breaks. Type it again instead of pasting it.",
)
LOOK_ALIKE: Final = Said(
    "Adressens domæne har tegn, der ligner andre bogstaver; det er {domain}. Sammenlign den med virksomhedens egen.",
    "The address's domain has signs that look like other letters; it is {domain}. Compare it with the company's own.",
)
SAME_DOMAIN: Final = Said(
    "Den anden kontakt har samme domæne som adressen: svigter det, når vi ingen af dem. Brug hellere et andet domæne.",
    "The second contact has the same domain as the address: if it fails, we reach neither. Better use another domain.",
)
LONG: Final = Said(
    "Feltet har over {limit} tegn. Skriv det kortere.", "The cell has over {limit} characters. Shorten it."
)
NOT_YES_OR_NO: Final = Said(
    "Skriv ja eller nej, eller lad feltet være tomt (nej).",
    "Write yes or no, or leave the cell blank (no).",
)
