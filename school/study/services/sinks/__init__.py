"""Two ways in for what a page reports, one judge.

``direct`` posts a batch inside the request. ``buffered`` puts it into Redis, answers with the
numbers of the last posting, and ``drain`` posts the batches of many members at once. Both read with
``batches.read_batch`` and post with ``post.post``, so a trace is worth the same in both.
"""
