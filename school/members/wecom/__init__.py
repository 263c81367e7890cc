"""企业微信 as a door: a provider of django-allauth, which has none of its own.

For an application of a corporation's own (企业自建应用), after the vendor's pages 91025 and 98152
(where a browser is sent), 91039 (token of the application), 91023 (who stands behind a code).
"""
