/*
 * Sanitizers make programs about ten times as slow. What a test does again and again to be sure of
 * a number, it does less often with them: they look for errors of memory, on the same paths.
 */
#ifndef TESTS_SANITIZED_H
#define TESTS_SANITIZED_H

#include <stdbool.h>

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* The first of two constants, or the second with sanitizers. */
#define UNLESS_SANITIZED(usual, fewer) (SANITIZED ? (fewer) : (usual))

#endif
