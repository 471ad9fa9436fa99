# SPDX-License-Identifier: Apache-2.0
"""Slow tests with the real shop: nothing disturbed, nothing invented, nothing missed.

    make shop-tests        about half an hour; each test has servers of its own
"""
