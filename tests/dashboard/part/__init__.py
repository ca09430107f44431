"""A part of a gateway as the API sees it: a resource and a view of the page."""
