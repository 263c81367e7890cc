"""Pure rules of content: the text axis of an article, how long something takes."""
