"""Views: delivery of files, resumable uploads; the admin pages are in ``media.admin``."""
