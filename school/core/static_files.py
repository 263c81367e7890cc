"""How static files are named in production: by content, also where scripts import each other."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the imports of our own ES modules to the hashed names.

    Only of our own: what comes from elsewhere is left as it was built.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (
            "school/js/*.js",
            CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
        ),
    )
