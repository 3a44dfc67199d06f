/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Automatic backup on the bus: switch, rules and known phones of the Manager, approval of a Job. */

#include "daemon/bus-object.h"

int bus_method_set_auto(sd_bus_message *m, void *userdata, sd_bus_error *e);
int bus_method_reset_auto(sd_bus_message *m, void *userdata, sd_bus_error *e);
int bus_method_list_phones(sd_bus_message *m, void *userdata, sd_bus_error *e);
int bus_method_forget_phone(sd_bus_message *m, void *userdata, sd_bus_error *e);
int bus_method_approve(sd_bus_message *m, void *userdata, sd_bus_error *e);
int bus_get_auto(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e);
int bus_get_auto_rule(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e);
int bus_get_auto_source(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e);

/* Whether phones are backed up automatically, or who has decided that, or by which rules. */
void bus_auto_changed(Bus *b);
