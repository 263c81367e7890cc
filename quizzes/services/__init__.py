"""The only writers of questions, papers, attempts and mistakes."""
