# SPDX-License-Identifier: Apache-2.0
"""Open-loop load for the example shop.

Open loop: every request has an intended start that was drawn before anything ran, and its latency is
counted from there. A server that falls behind therefore sees the queue that real users would form,
and the figures show it; a closed loop would politely wait and hide it.
"""
