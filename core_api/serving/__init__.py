"""Running the server: the addresses, the processes and the supervisor behind `coapture serve`."""
