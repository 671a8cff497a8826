"""One self-contained HTML page of runs, comparisons, reproductions, attacks and audits.

It stands above the rooms whose results it shows, and imports what reads them; nothing trains.
"""

from apical.page.write import write as write
