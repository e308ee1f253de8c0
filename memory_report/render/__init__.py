"""The ways to show a report: of the same report always the same bytes.

text, markdown, junit, figures_json     each a function of a report and its verdicts
html, png                               the same with charts
formats                                 all of these by the word that chooses one
verdicts, comparison, baseline          what is asked of kept reports
attribution                             whose memory it is
recording                               a series of samples
words                                   what all of them say alike
"""
