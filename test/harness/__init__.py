"""Real servers for tests: started on free loopback ports, stopped by the test that started them."""
