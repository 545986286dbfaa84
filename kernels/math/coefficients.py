#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the constants of the functions in rein_kernel.h. Needs mpmath (Debian: python3-mpmath).

Each polynomial is the minimax one on its interval, found by Remez' exchange (E. Remez, 1934). Its
coefficients are rounded one by one from the highest down, and the others are fitted anew each time,
so that they make up for the rounding. Run by hand when a degree or an interval changes:

    python3 kernels/math/coefficients.py
"""
from mpmath import mp, mpf

mp.dps = 60
GRID = 3000  # points at which an error is looked at; it has as many extremes as coefficients


def float32(value):
    """`value` rounded to 24 bits, to nearest."""
    return mp.ldexp(mp.nint(mp.ldexp(value, 24 - mp.frexp(value)[1])), mp.frexp(value)[1] - 24)


def fixed(bits):
    """A rounding to so many bits behind the point."""
    return lambda value: mp.ldexp(mp.nint(mp.ldexp(value, bits)), -bits)


def polynomial(coefficients, x):
    return mp.polyval(coefficients[::-1], x)


def extremes(error):
    """Indices of the largest error in each run of one sign."""
    runs = [[0]]
    for i in range(1, len(error)):
        if (error[i] < 0) == (error[runs[-1][-1]] < 0):
            runs[-1].append(i)
        else:
            runs.append([i])
    return [max(run, key=lambda i: abs(error[i])) for run in runs]


def remez(function, weight, low, high, degree):
    """Coefficients of the polynomial with the least max of weight * |function - polynomial|."""
    n = degree + 1
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + mpf(1) / 2) / GRID)
            for i in range(GRID)]
    values = [function(x) for x in grid]
    weights = [weight(x) for x in grid]
    points = [round((GRID - 1) * (1 - mp.cos(mp.pi * i / n)) / 2) for i in range(n + 1)]
    for _ in range(20):
        rows = [[grid[i] ** k for k in range(n)] + [(-1) ** j / weights[i]]
                for j, i in enumerate(points)]
        solution = list(mp.lu_solve(mp.matrix(rows), mp.matrix([values[i] for i in points])))
        error = [w * (v - sum(c * x ** k for k, c in enumerate(solution[:-1])))
                 for x, v, w in zip(grid, values, weights)]
        points = extremes(error)
        while len(points) > n + 1:  # the least at either end goes
            points.pop(0 if abs(error[points[0]]) < abs(error[points[-1]]) else -1)
        if len(points) < n + 1 or max(map(abs, error)) < abs(solution[-1]) * mpf("1.001"):
            break
    return solution[:-1]


def fit(name, function, weight, low, high, rounding):
    """Rounded coefficients, as many as there are roundings; prints the error that is left."""
    low, high, done, degree = mpf(low), mpf(high), [], len(rounding) - 1
    for k in range(degree, -1, -1):
        rest = remez(lambda x: function(x) - sum(c * x ** i for i, c in done), weight, low, high, k)
        done.append((k, rounding[k](rest[k])))
    done = [c for _, c in reversed(done)]
    worst = max(abs(weight(x) * (function(x) - polynomial(done, x)))
                for x in mp.linspace(low, high, 4 * GRID))
    print(f"\n{name}: error 2^{float(mp.log(worst, 2)):.2f}")
    return done


def print_floats(coefficients):
    for k, c in enumerate(coefficients):
        print(f"  x^{k}: {mp.nstr(c, 9)}f")


def print_fixed(coefficients, bits):
    for k, c in enumerate(coefficients):
        print(f"  x^{k}: {int(mp.ldexp(c, bits))} / 2^{bits}")


def near_zero(function, at_zero):
    """A function with a hole at 0 that its limit fills."""
    return lambda x: at_zero if abs(x) < mpf("1e-25") else function(x)


def chunks(name, value, n_bits, count):
    """`value` as a sum: `count` parts of n_bits bits, the first of them short, and the rest."""
    print(f"\n{name}:")
    for part in range(count):
        exponent = mp.frexp(value)[1]
        head = mp.ldexp(mp.nint(mp.ldexp(value, n_bits - exponent)), exponent - n_bits)
        print(f"  {mp.nstr(head, 12)}f")
        value -= head
    print(f"  {mp.nstr(float32(value), 9)}f")


def main():
    ln2 = mp.log(2)
    half = ln2 / 2 * mpf("1.0001")
    quarter = mp.pi / 4 * mpf("1.0001")
    root = mp.sqrt(2)
    one = lambda x: mpf(1)

    chunks("ln 2", ln2, 16, 1)
    chunks("pi / 2", mp.pi / 2, 8, 5)
    print_floats(fit("exp: (e^r - 1 - r) / r^2", near_zero(
        lambda r: (mp.exp(r) - 1 - r) / r ** 2, mpf(1) / 2), lambda r: r ** 2, -half, half,
        [float32] * 5))
    print_floats(fit("log: (log(1 + f) - f + f^2 / 2) / f^3", near_zero(
        lambda f: (mp.log(1 + f) - f + f ** 2 / 2) / f ** 3, mpf(1) / 3),
        near_zero(lambda f: f ** 3 / mp.log(1 + f), mpf(0)), 1 / root - 1, root - 1,
        [float32] * 9))
    print_floats(fit("sin: (sin(r) - r) / r^3, in z = r^2", near_zero(
        lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, mpf(-1) / 6), lambda z: z, 0,
        quarter ** 2, [float32] * 3))
    print_floats(fit("cos: (cos(r) - 1 + r^2 / 2) / r^4, in z = r^2", near_zero(
        lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z ** 2, mpf(1) / 24), lambda z: z ** 2, 0,
        quarter ** 2, [float32] * 3))
    print_fixed(fit("pow: log2(1 + f) / f", near_zero(
        lambda f: mp.log(1 + f, 2) / f, 1 / ln2), one, 1 / root - 1, root - 1,
        [fixed(31)] * 12), 31)
    print_fixed(fit("pow: (2^r - 1) / r", near_zero(
        lambda r: (2 ** r - 1) / r, ln2), one, 0, 1, [fixed(32)] * 7), 32)


main()
