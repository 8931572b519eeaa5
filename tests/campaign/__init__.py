"""The fault campaign: rounds of faults and commands at random moments on a lab, each mended by the documented verbs.

`bench/campaign --rounds N --seed S` plays long ones; `test_campaign.py` plays some in every run of the tests.
"""
