"""Networks whose weights come with this package, in `models/embedded/NAME/FILE`.

A network is registered by an entry in EMBEDDED, whose files have no address, and by the code that runs it, named in
`models.backends.registry`.
"""

from models.catalogue.entry import CatalogueEntry

EMBEDDED: tuple[CatalogueEntry, ...] = ()
