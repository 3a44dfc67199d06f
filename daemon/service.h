/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* mtkbackupd as a whole: makes its parts, tells them of each other's events and takes them down. */

#include "daemon/manager.h"

typedef struct Service Service;

/* 0; or a negative errno with f, then the program cannot do its work. setup is borrowed. */
int service_new(const ManagerSetup *setup, Service **ret, Failure *f);
Service *service_free(Service *s);
DEFINE_CLEANUP(Service, service_free)
/* Until SIGTERM; 0 or a negative errno. */
int service_run(Service *s);
