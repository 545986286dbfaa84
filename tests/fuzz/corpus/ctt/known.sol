a rA 0 1
a B 1 0
b rB 0 0
b rB 0 0
b A 1 1
