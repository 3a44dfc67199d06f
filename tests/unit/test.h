/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What every cmocka program includes, in the order cmocka wants it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "basic/cleanup.h"

#define TEST_MAIN(...)                                                                             \
        int main(void)                                                                             \
        {                                                                                          \
                const struct CMUnitTest tests[] = { __VA_ARGS__ };                                 \
                return cmocka_run_group_tests(tests, NULL, NULL);                                  \
        }
