/* SPDX-License-Identifier: MIT */

/*
 * The second half of the dialect, joined to rein_kernel.h: mathematics with the same bits everywhere,
 * which the libraries of C, OpenCL and CUDA do not give. Made of what every device rounds alike,
 * + - * of f32, and of integers; no result in between need be denormal. Domains, errors and special
 * cases are in kernels/README.md, the constants come from kernels/math/coefficients.py.
 *
 * The functions up to rein_pow() have no branch and, but for conversions, no ?: either: compilers
 * make one branch of two ?: that ask the same, and then cannot vectorise the loop over items.
 */

#ifndef REIN_MATH_H
#define REIN_MATH_H

#define REIN_BITS_1 0x3F800000
#define REIN_BITS_SMALLEST 0x00800000 /* 2^-126, the smallest that is not denormal */
#define REIN_BITS_INFINITY 0x7F800000
#define REIN_BITS_NAN 0x7FC00000
#define REIN_BITS_ROOT_HALF 0x3F3504F3 /* sqrt(1/2) */

#if defined(REIN_OPENCL)
#define rein_bits(x) as_uint((f32)(x))
#define rein_from_bits(bits) as_float((u32)(bits))
#elif defined(__CUDACC__)
#define rein_bits(x) __float_as_uint(x)
#define rein_from_bits(bits) __uint_as_float(bits)
#else
REIN_FN u32
rein_bits(f32 x)
{
    u32 bits;

    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

REIN_FN f32
rein_from_bits(u32 bits)
{
    f32 x;

    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}
#endif

/* The bits of |x|, signed: what every machine compares at no cost. */
REIN_FN i32
rein_size_bits(f32 x)
{
    return (i32)(rein_bits(x) & 0x7FFFFFFFu);
}

/* All ones if the claim is true, else 0. */
REIN_FN u32
rein_mask(i32 is_true)
{
    return 0u - (u32)is_true;
}

REIN_FN u32
rein_choose(u32 mask, u32 if_ones, u32 if_zero)
{
    return (if_ones & mask) | (if_zero & ~mask);
}

/* Where the mask is zero n, else -n. */
REIN_FN u64
rein_negate(u32 mask, u64 n)
{
    const u64 wide = 0u - (u64)(mask & 1u);

    return (n ^ wide) - wide;
}

/* The upper half of a product. */
REIN_FN u32
rein_mul_high(u32 a, u32 b)
{
    return (u32)(((u64)a * b) >> 32);
}

REIN_FN i32
rein_mul_high_signed(i32 a, i32 b)
{
    return (i32)(((i64)a * b) >> 32);
}

/* The next whole number, from halves away from zero; |x| is below 2^31. */
REIN_FN i32
rein_nearest(f32 x)
{
    return (i32)(x + rein_from_bits((rein_bits(x) & 0x80000000u) | 0x3F000000u));
}

/* Bits of a number as of 2^k m with m from sqrt(1/2) to sqrt(2), denormals too; returns m. */
REIN_FN f32
rein_split(i32 bits, i32 *k)
{
    const i32 is_denormal = bits < REIN_BITS_SMALLEST; /* then they count in units of 2^-149 */
    const u32 normal = is_denormal ? rein_bits((f32)bits) : (u32)bits;
    const u32 scaled = normal - REIN_BITS_ROOT_HALF;

    *k = ((i32)scaled >> 23) - (is_denormal ? 149 : 0);
    return rein_from_bits((scaled & 0x007FFFFFu) + REIN_BITS_ROOT_HALF);
}

REIN_FN f32
rein_abs(f32 x)
{
    return rein_from_bits(rein_bits(x) & 0x7FFFFFFFu);
}

/* The largest whole number that is not above x. */
REIN_FN f32
rein_floor(f32 x)
{
    const u32 bits = rein_bits(x);
    const u32 sign = bits & 0x80000000u;
    const u32 is_small =
        rein_mask(rein_size_bits(x) < 0x4B000000); /* 2^23: beyond, all are whole */
    const f32 cut = (f32)(i32)rein_from_bits(bits & is_small);
    const u32 cut_bits = rein_bits(cut) | sign;
    const u32 is_above = rein_mask(sign != 0) & rein_mask(cut_bits != bits);
    const u32 floor_bits = rein_choose(is_above, rein_bits(cut - 1.0f), cut_bits);

    return rein_from_bits(rein_choose(is_small, floor_bits, bits));
}

/* e^x as 2^n e^r, |r| <= log(2) / 2; log(2) in two parts, of which the first times n is exact. */
REIN_FN f32
rein_exp(f32 x)
{
    const u32 is_negative = rein_mask((i32)rein_bits(x) < 0);
    const i32 limit = (i32)rein_choose(is_negative, 0x42AEAC4Fu, 0x42B17217u); /* -87.33, 88.72 */
    const u32 is_inside = rein_mask(rein_size_bits(x) <= limit);
    const u32 is_nan = rein_mask(rein_size_bits(x) > REIN_BITS_INFINITY);
    const f32 t = rein_from_bits(rein_bits(x) & is_inside);
    const i32 n = rein_nearest(t * 1.44269504f);
    const f32 high = t - (f32)n * 0.693145751953125f;
    const f32 low = (f32)n * 1.42860677e-6f;
    const f32 r = high - low;
    f32 p = 0.00139504892f * r + 0.0083688898f;
    u32 bits;

    p = (p * r + 0.041666206f) * r + 0.166665182f;
    p = r * r * (p * r + 0.5f);
    bits = rein_bits(1.0f + (high + (p - low))) + ((u32)n << 23);
    bits = rein_choose(is_inside, bits, REIN_BITS_INFINITY & ~is_negative);
    return rein_from_bits(rein_choose(is_nan, REIN_BITS_NAN, bits));
}

/* log(x) as k log(2) + log(1 + f). */
REIN_FN f32
rein_log(f32 x)
{
    const i32 bits = (i32)rein_bits(x);
    const u32 is_zero = rein_mask(rein_size_bits(x) == 0);
    const u32 is_infinite = rein_mask(bits == REIN_BITS_INFINITY);
    const u32 is_nan = rein_mask(bits < 0) | rein_mask(bits > REIN_BITS_INFINITY);
    i32 n;
    const f32 f = rein_split(bits, &n) - 1.0f;
    const f32 k = (f32)n;
    f32 p = 0.0674664378f * f - 0.116756529f;
    u32 y;

    p = (p * f + 0.118881613f) * f - 0.124055885f;
    p = (p * f + 0.142195523f) * f - 0.166679963f;
    p = (p * f + 0.200021192f) * f - 0.250000089f;
    p = f * f * f * (p * f + 0.333333135f) + k * 1.42860677e-6f;
    y = rein_bits(k * 0.693145751953125f + (f - (0.5f * (f * f) - p)));
    y = rein_choose(is_nan, REIN_BITS_NAN, y);
    y = rein_choose(is_infinite, REIN_BITS_INFINITY, y);
    return rein_from_bits(rein_choose(is_zero, 0xFF800000u, y));
}

/*
 * sin(x + shift pi/2) by r = x - n pi/2 (Cody and Waite, "Software Manual for the Elementary
 * Functions", 1980). The parts of pi/2 have 8 bits and n has 16, so products are exact, and each
 * difference is, or what it loses is kept for the next.
 */
REIN_FN f32
rein_sin_shifted(f32 x, i32 shift)
{
    const u32 is_inside = rein_mask(rein_size_bits(x) <= 0x47C35000); /* 100000 */
    const f32 t = rein_from_bits(rein_bits(x) & is_inside);
    const i32 n = rein_nearest(t * 0.636619772f);
    const f32 k = (f32)n;
    const f32 coarse = (t - k * 1.5703125f) - k * 0.000484466552734375f;
    const f32 part = k * -6.4074993133544922e-7f;
    const f32 middle = coarse - part;
    const f32 rest = ((coarse - middle) - part) - k * 9.8953023552894592e-10f;
    const f32 fine = middle + rest;
    const f32 last = ((middle - fine) + rest) - k * 2.5579538487363607e-12f;
    const f32 r = fine + last;
    const f32 low = ((fine - r) + last) - k * 5.39030295e-15f; /* r + low is the angle */
    const f32 z = r * r;
    const f32 z_half = 0.5f * z;
    const f32 near_1 = 1.0f - z_half;
    const f32 s = (-0.000195172353f * z + 0.008332178f) * z - 0.166666552f;
    const f32 c = (2.44383828e-5f * z - 0.00138873665f) * z + 0.0416666456f;
    const f32 sine = r + (r * z * s + low);
    const f32 cosine = near_1 + (((1.0f - near_1) - z_half) + (z * z * c - r * low));
    const u32 quarter = (u32)(n + shift);
    const u32 bits =
        rein_choose(rein_mask((quarter & 1u) != 0), rein_bits(cosine), rein_bits(sine));

    return rein_from_bits(rein_choose(is_inside, bits ^ ((quarter & 2u) << 30), REIN_BITS_NAN));
}

REIN_FN f32
rein_sin(f32 x)
{
    const u32 is_tiny = rein_mask(rein_size_bits(x) < 0x39800000); /* 2^-12: sin(x) is x */

    return rein_from_bits(rein_choose(is_tiny, rein_bits(x), rein_bits(rein_sin_shifted(x, 0))));
}

REIN_FN f32
rein_cos(f32 x)
{
    return rein_sin_shifted(x, 1);
}

/* |log2(1 + f)| in units of 2^-63, from f in those of 2^-32. */
REIN_FN u64
rein_log2_size(i32 f)
{
    const u32 size = (u32)rein_negate(rein_mask(f < 0), (u32)f);
    i32 p = rein_mul_high_signed(f, -190608699) + 336010074;

    p = rein_mul_high_signed(f, p) - 336383090;
    p = rein_mul_high_signed(f, p) + 340671664;
    p = rein_mul_high_signed(f, p) - 384510489;
    p = rein_mul_high_signed(f, p) + 442651455;
    p = rein_mul_high_signed(f, p) - 516480872;
    p = rein_mul_high_signed(f, p) + 619634183;
    p = rein_mul_high_signed(f, p) - 774538863;
    p = rein_mul_high_signed(f, p) + 1032721306;
    p = rein_mul_high_signed(f, p) - 1549082016;
    return (u64)size * (3098164009u + (u32)rein_mul_high_signed(f, p));
}

/* y log2(x) in units of 2^-32, from the bits of x and y, both positive; stays within +-2^41. */
REIN_FN u64
rein_pow_exponent(i32 x, i32 y)
{
    i32 k;
    const i32 f = (i32)((rein_split(x, &k) - 1.0f) * 4294967296.0f);
    const u32 is_near_1 = rein_mask(k == 0);
    const u32 is_below = rein_mask(f < 0);
    const u32 is_negative = rein_mask(k < 0) | (is_near_1 & is_below);
    const u64 part = rein_log2_size(f);
    const u64 whole = rein_negate(rein_mask(k < 0), (u64)(i64)k) << 54;
    const u64 far = whole + rein_negate(is_below ^ is_negative, part >> 9);
    /* of 2^-63, or 2^-54 where that has not the room */
    const u64 log2_x = (part & (0u - (u64)(is_near_1 & 1u))) | (far & ((u64)(is_near_1 & 1u) - 1u));
    const u64 m = ((u32)y & 0x007FFFFFu) | 0x00800000u;
    const u64 product = ((m * (log2_x >> 32)) << 9) + ((m * (log2_x & 0xFFFFFFFFu)) >> 23);
    const i32 shift = (i32)rein_choose(is_near_1, 31u, 22u) + 127 - (y >> 23);
    const u32 is_left = rein_mask(shift < 0);
    const u32 is_far = rein_mask(shift > 63);
    const u64 size = product >> (rein_choose(is_far, 63u, (u32)shift & ~is_left));
    const u32 is_huge = rein_mask((size >> 41) != 0) | (is_left & rein_mask(product != 0));

    return rein_negate(is_negative, is_huge != 0 ? (u64)1 << 41 : size);
}

/* 0x80000000 for the bits of an odd number, 0 for those of an even one, else something in between. */
REIN_FN u32
rein_oddness(i32 bits)
{
    const i32 e = (bits >> 23) - 127;
    const u32 is_below_1 = rein_mask(e < 0);
    const u32 is_even = rein_mask(e > 23);
    const u32 m = ((u32)bits & 0x007FFFFFu) | 0x00800000u;
    const u32 shift = rein_choose(is_even, 23u, (u32)e & ~is_below_1);

    return rein_choose(is_below_1, 1u, (m << (8u + shift)) & ~is_even);
}

/* x^y as 2^(y log2|x|), in integers: 24 bits of y, 64 of the logarithm. */
REIN_FN f32
rein_pow(f32 x, f32 y)
{
    const i32 ax = rein_size_bits(x);
    const i32 ay = rein_size_bits(y);
    const u32 is_negative = rein_mask((i32)rein_bits(x) < 0);
    const u32 is_inverse = rein_mask((i32)rein_bits(y) < 0);
    const u32 is_zero = rein_mask(ax == 0);
    const u32 is_infinite = rein_mask(ax == REIN_BITS_INFINITY);
    const u32 odd = rein_oddness(ay);
    const u32 is_nan =
        rein_mask(ax > REIN_BITS_INFINITY) | rein_mask(ay > REIN_BITS_INFINITY) |
        (is_negative & rein_mask((odd & 0x7FFFFFFFu) != 0) & ~is_zero & ~is_infinite);
    const u32 is_1 = rein_mask(ay == 0) | rein_mask(rein_bits(x) == REIN_BITS_1);
    const u64 exponent = rein_negate(is_inverse, rein_pow_exponent(ax, ay));
    const i32 n = (i32)(u32)(exponent >> 32);
    const u32 r = (u32)exponent;
    u32 p = rein_mul_high(r, 89118u) + 627253u;
    u32 bits;

    p = rein_mul_high(r, p) + 5750808u;
    p = rein_mul_high(r, p) + 41300962u;
    p = rein_mul_high(r, p) + 238389781u;
    p = rein_mul_high(r, p) + 1031764900u;
    p = rein_mul_high(r, p) + 2977044473u;
    bits = ((u32)(n + 127) << 23) + (((rein_mul_high(r, p) >> 8) + 1u) >> 1);
    bits = rein_choose(rein_mask(n > 127), REIN_BITS_INFINITY, bits & ~rein_mask(n < -126));
    bits = rein_choose(is_zero, REIN_BITS_INFINITY & is_inverse, bits);
    bits = rein_choose(is_infinite, REIN_BITS_INFINITY & ~is_inverse, bits);
    bits |= 0x80000000u & is_negative & rein_mask(odd == 0x80000000u);
    bits = rein_choose(is_nan, REIN_BITS_NAN, bits);
    return rein_from_bits(rein_choose(is_1, REIN_BITS_1, bits));
}

/* ---- quotient and root, correctly rounded: in integers where the device's own are not ---- */

/* The number m 2^(exponent - 23) of these bits, m of 24 bits even if they are denormal; returns m. */
REIN_FN u32
rein_mantissa(i32 bits, i32 *exponent)
{
    const i32 is_denormal = bits < REIN_BITS_SMALLEST;
    const u32 normal = is_denormal ? rein_bits((f32)bits) : (u32)bits;

    *exponent = (i32)(normal >> 23) - 127 - (is_denormal ? 149 : 0);
    return (normal & 0x007FFFFFu) | 0x00800000u;
}

REIN_FN f32
rein_sqrt_in_integers(f32 x)
{
    const i32 bits = (i32)rein_bits(x);
    i32 exponent;
    const u32 m = rein_mantissa(rein_size_bits(x), &exponent);
    const u64 square = (u64)(m << (exponent & 1)) << 23; /* of a root of 24 bits */
    u32 root = 0;

    if (rein_size_bits(x) == 0 || bits == REIN_BITS_INFINITY) {
        return x;
    }
    if (bits < 0 || bits > REIN_BITS_INFINITY) {
        return rein_from_bits(REIN_BITS_NAN);
    }
    for (u32 bit = 0x00800000u; bit != 0; bit >>= 1) {
        const u32 next = root | bit;
        root = (u64)next * next <= square ? next : root;
    }
    root += square - (u64)root * root > root ? 1u : 0u; /* is it above (root + 1/2)^2 */
    return rein_from_bits(((u32)((exponent >> 1) + 126) << 23) + root);
}

REIN_FN f32
rein_div_in_integers(f32 a, f32 b)
{
    const u32 sign = (rein_bits(a) ^ rein_bits(b)) & 0x80000000u;
    const i32 aa = rein_size_bits(a);
    const i32 ab = rein_size_bits(b);
    i32 ea;
    i32 eb;
    const u32 ma = rein_mantissa(aa, &ea);
    const u32 mb = rein_mantissa(ab, &eb);
    const u64 dividend = (u64)ma << (ma < mb ? 26 : 25); /* of a quotient of 26 bits */
    const i32 exponent = ea - eb - (ma < mb ? 1 : 0);
    /* so many are rounded off: 2, more where the result is denormal, all but the sign of it */
    const u32 shift = exponent >= -126 ? 2u : exponent < -151 ? 28u : (u32)(-124 - exponent);
    u64 quotient = dividend / mb;
    u32 bits;

    if (aa > REIN_BITS_INFINITY || ab > REIN_BITS_INFINITY ||
        (aa == ab && (aa == 0 || aa == REIN_BITS_INFINITY))) {
        return rein_from_bits(REIN_BITS_NAN);
    }
    if (aa == 0 || ab == REIN_BITS_INFINITY) {
        return rein_from_bits(sign);
    }
    if (ab == 0 || aa == REIN_BITS_INFINITY || exponent > 127) {
        return rein_from_bits(sign | REIN_BITS_INFINITY);
    }
    quotient |= quotient * mb != dividend ? 1u : 0u; /* what is left is less than that bit */
    bits = (u32)(quotient >> shift);
    quotient -= (u64)bits << shift;
    bits += quotient + (bits & 1u) > (u64)1 << (shift - 1u) ? 1u : 0u; /* halves to even */
    bits += exponent >= -126 ? (u32)(exponent + 126) << 23 : 0u;
    return rein_from_bits(sign | bits);
}

#if defined(REIN_OPENCL) && !defined(REIN_EXACT_DIVIDE)
#define rein_div(a, b) rein_div_in_integers(a, b)
#define rein_sqrt(x) rein_sqrt_in_integers(x)
#elif defined(REIN_OPENCL)
#define rein_div(a, b) ((f32)(a) / (f32)(b))
#define rein_sqrt(x) sqrt((f32)(x))
#elif defined(__CUDACC__)
#define rein_div(a, b) __fdiv_rn(a, b)
#define rein_sqrt(x) __fsqrt_rn(x)
#else
#define rein_div(a, b) ((f32)(a) / (f32)(b))
#define rein_sqrt(x) __builtin_sqrtf(x)
#endif

#endif
