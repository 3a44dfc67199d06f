/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Scope-bound ownership.
 *
 * A local that owns something says so with a cleanup attribute and hands it on with TAKE_PTR or
 * TAKE_FD, so that every return path is right without a label. Destructors accept NULL (or a
 * negative descriptor), may be called on half-built objects and return NULL. */

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))

#define ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
/* other headers (sys/param.h, GLib) define these, too */
#undef MIN
#undef MAX
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define KiB UINT64_C(1024)
#define MiB (1024 * KiB)
#define GiB (1024 * MiB)

/* value of an owning variable, which gives it up */
#define TAKE_PTR(p)                                                                                \
        ({                                                                                         \
                typeof(p) _taken = (p);                                                            \
                (p) = NULL;                                                                        \
                _taken;                                                                            \
        })
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int _taken = (fd);                                                                 \
                (fd) = -1;                                                                         \
                _taken;                                                                            \
        })

/* defines f##p(), usable as _cleanup_(f##p), for a destructor f of Type* */
#define DEFINE_CLEANUP(Type, f)                                                                    \
        static inline void f##p(Type **p)                                                          \
        {                                                                                          \
                if (*p)                                                                            \
                        f(*p);                                                                     \
        }

static inline void freep(void *p)
{
        free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(freep)

/* closes fd when it is one, keeps errno, returns -1: "fd = fd_close(fd)" */
int fd_close(int fd);
static inline void fd_closep(int *fd)
{
        fd_close(*fd);
}
#define _cleanup_close_ _cleanup_(fd_closep)

static inline void fclosep(FILE **f)
{
        if (*f)
                fclose(*f);
}
#define _cleanup_fclose_ _cleanup_(fclosep)

static inline void closedirp(DIR **d)
{
        if (*d)
                closedir(*d);
}
#define _cleanup_closedir_ _cleanup_(closedirp)
