/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-manager.h"

#include <errno.h>
#include <string.h>

#include "daemon/bus-auto.h"
#include "daemon/bus-queue.h"
#include "daemon/settings.h"

/* ---- lists ---- */

static int method_list_jobs(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        Manager *manager = ((Bus *)userdata)->manager;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(uossss)");
        for (size_t i = 0; r >= 0 && i < queue_count(manager->queue); i++) {
                const Job *j = queue_at(manager->queue, i);
                _cleanup_free_ char *path = bus_job_path(j);

                if (!path)
                        return -ENOMEM;
                r = sd_bus_message_append(reply, "(uossss)", j->id, path,
                        job_kind_to_string(j->request.kind), job_state_to_string(j->state),
                        j->request.profile, j->port[0] ? j->port : j->request.port);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_list_devices(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const Devices *devices = &((Bus *)userdata)->manager->devices;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sosss)");
        for (size_t i = 0; r >= 0 && i < devices->n; i++) {
                const Device *d = devices->list[i];
                _cleanup_free_ char *path = bus_device_path(d);

                if (!path)
                        return -ENOMEM;
                r = sd_bus_message_append(reply, "(sosss)", d->port, path,
                        device_state_to_string(d->state), d->phone.chip, d->message);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_list_backups(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const Catalogue *c = store_catalogue(((Bus *)userdata)->manager->store);
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sosst)");
        for (size_t i = 0; r >= 0 && i < c->n; i++) {
                const Backup *b = c->backups[i];
                _cleanup_free_ char *path = bus_backup_path(b);

                if (!path)
                        return -ENOMEM;
                r = sd_bus_message_append(
                        reply, "(sosst)", b->id, path, b->device_key, b->result, b->start);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_list_profiles(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const ProfileSet *s = &((Bus *)userdata)->manager->profiles;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssb)");
        for (size_t i = 0; r >= 0 && i < s->n; i++) {
                const ProfileEntry *p = s->entries + i;

                r = sd_bus_message_append(reply, "(sssb)", p->name,
                        p->profile ? p->profile->chip : "",
                        p->profile ? p->profile->title : p->failure.text, p->profile != NULL);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int append_chips(sd_bus_message *reply, const Agent *a)
{
        const char *chips[AGENT_CHIPS_MAX + 1];
        int r = sd_bus_message_open_container(reply, 'a', "s");

        agent_chips(a, chips);
        for (size_t i = 0; r >= 0 && chips[i]; i++)
                r = sd_bus_message_append(reply, "s", chips[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_agent(sd_bus_message *reply, const Agent *a)
{
        int r = sd_bus_message_open_container(reply, 'r', "sssas");

        if (r >= 0)
                r = sd_bus_message_append(reply, "sss", a->id, a->name, a->description);
        if (r >= 0)
                r = append_chips(reply, a);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_list_agents(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const Agents *agents = ((Bus *)userdata)->manager->agents;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssas)");
        for (size_t i = 0; r >= 0 && i < agents_count(agents); i++)
                r = append_agent(reply, agents_at(agents, i));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* ---- import of an agent ---- */

static int reply_agent(sd_bus_message *call, const Agent *a)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = sd_bus_message_append(reply, "ss", a->id, a->description);
        if (r >= 0)
                r = append_chips(reply, a);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static void on_imported(void *userdata, const Agent *agent, const Failure *f)
{
        sd_bus_message *call = userdata;

        if (agent)
                (void)reply_agent(call, agent);
        else
                bus_error_reply(call, f);
        sd_bus_message_unref(call);
}

static int method_import_agent(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Bus *b = userdata;
        Failure f = { 0 };
        const char *name;
        bool go_on;
        uid_t uid;
        int file, r = sd_bus_message_read(m, "sh", &name, &file);

        if (r < 0)
                return r;
        r = bus_authorize(b, m, ACTION_IMPORT_AGENT, &uid, &go_on, e);
        if (!go_on)
                return r;
        r = agents_import(b->manager->agents, name, file, on_imported, sd_bus_message_ref(m), &f);
        if (r == 0)
                return 1;
        sd_bus_message_unref(m);
        return failure_is_set(&f) ? bus_error_set(e, &f) : r;
}

static int method_reload(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Bus *b = userdata;
        Failure f = { 0 };
        bool go_on;
        uid_t uid;
        int r = bus_authorize(b, m, ACTION_CONFIGURE, &uid, &go_on, e);

        if (!go_on)
                return r;
        if (settings_reload(b->manager, &f) < 0)
                return bus_error_set(e, &f);
        bus_auto_changed(b);
        return sd_bus_reply_method_return(m, NULL);
}

/* ---- properties ---- */

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        return sd_bus_message_append(reply, "s", VERSION);
}

static int get_store_path(sd_bus *bus, const char *path, const char *interface,
        const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        return sd_bus_message_append(reply, "s", store_path(((Bus *)userdata)->manager->store));
}

static int get_store_state(sd_bus *bus, const char *path, const char *interface,
        const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const Store *s = ((Bus *)userdata)->manager->store;
        char text[2 * FAILURE_TEXT_MAX];
        Failure f = { 0 };

        if (store_state(s) == STORE_OPENING)
                return sd_bus_message_append(reply, "s", "opening");
        if (store_check(s, &f) < 0) {
                snprintf(text, sizeof text, "%s%s%s", f.text, f.hint[0] ? " " : "", f.hint);
                return sd_bus_message_append(reply, "s", text);
        }
        return sd_bus_message_append(reply, "s", "ok");
}

static int get_count(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const Manager *m = ((Bus *)userdata)->manager;
        size_t n;

        if (strcmp(property, "JobCount") == 0)
                n = queue_open_count(m->queue);
        else if (strcmp(property, "DeviceCount") == 0)
                n = m->devices.n;
        else
                n = store_catalogue(m->store)->n;
        return sd_bus_message_append(reply, "u", (uint32_t)n);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Queue", SD_BUS_ARGS("s", kind, "s", profile, "a{sv}", options),
                SD_BUS_RESULT("u", id, "o", job), bus_method_queue, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListJobs", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(uossss)", jobs),
                method_list_jobs, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListDevices", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sosss)", devices),
                method_list_devices, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListBackups", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sosst)", backups),
                method_list_backups, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListProfiles", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sssb)", profiles),
                method_list_profiles, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListAgents", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sssas)", agents),
                method_list_agents, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ImportAgent", SD_BUS_ARGS("s", name, "h", file),
                SD_BUS_RESULT("s", id, "s", description, "as", chips), method_import_agent,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Reload", "", "", method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetAutoBackup", SD_BUS_ARGS("b", on), SD_BUS_NO_RESULT,
                bus_method_set_auto, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("ResetAutoBackup", "", "", bus_method_reset_auto, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListPhones", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sssbut)", phones),
                bus_method_list_phones, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ForgetPhone", SD_BUS_ARGS("s", phone), SD_BUS_NO_RESULT,
                bus_method_forget_phone, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("StorePath", "s", get_store_path, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("StoreState", "s", get_store_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("AutoBackup", "b", bus_get_auto, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("AutoBackupDecidedBy", "s", bus_get_auto_source, 0,
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("AutoBackupProfile", "s", bus_get_auto_rule, 0,
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("AutoBackupInterval", "u", bus_get_auto_rule, 0,
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("AutoBackupKnownOnly", "b", bus_get_auto_rule, 0,
                SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("JobCount", "u", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("DeviceCount", "u", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("BackupCount", "u", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_SIGNAL_WITH_ARGS("JobNew", SD_BUS_ARGS("u", id, "o", job), 0),
        SD_BUS_SIGNAL_WITH_ARGS("JobRemoved", SD_BUS_ARGS("u", id, "o", job, "s", result), 0),
        SD_BUS_SIGNAL_WITH_ARGS(
                "BackupCommitted", SD_BUS_ARGS("s", device_key, "s", id, "o", backup), 0),
        SD_BUS_SIGNAL_WITH_ARGS("StoreDamaged", SD_BUS_ARGS("s", text), 0),
        SD_BUS_VTABLE_END,
};

int bus_add_manager(Bus *b)
{
        return sd_bus_add_object_vtable(b->bus, NULL, PATH_MANAGER, IFACE_MANAGER, vtable, b);
}

void bus_store_changed(Bus *b)
{
        if (b->bus)
                (void)sd_bus_emit_properties_changed(
                        b->bus, PATH_MANAGER, IFACE_MANAGER, "StoreState", NULL);
}
