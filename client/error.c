/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "client/error.h"
#include "client/output.h"

const ExitCode exit_codes[] = {
        { EXIT_OK, "ok", "success" },
        { EXIT_GENERAL, "failure", "failure; the message says why" },
        { EXIT_USAGE, "usage", "wrong command line" },
        { EXIT_INCOMPLETE, "incomplete", "saved, but not everything could be read" },
        { EXIT_NOTHING, "nothing", "nothing to do" },
        { EXIT_NOT_FOUND, "not-found", "no such job, device, profile, backup or file" },
        { EXIT_NOT_AUTHORIZED, "not-authorized", "not authorised" },
        { EXIT_UNREACHABLE, "unreachable", "the service cannot be reached" },
        { EXIT_NO_DEVICE, "no-device", "no phone appeared or answered in time" },
        { EXIT_MISMATCH, "mismatch", "verification found damage" },
        { EXIT_CANCELED, "canceled", "the job was canceled" },
        { EXIT_INTERRUPTED, "interrupted", "interrupted by a signal; a job that runs goes on" },
        { -1 },
};

#define ADVICE_STATUS "“mtkbackupctl status” shows what goes on."

/* hint: used when the record itself brings none */
static const struct {
        int exit;
        const char *hint;
} errors[_ERROR_MAX] = {
        [ERROR_NO_SUCH_JOB] = { EXIT_NOT_FOUND, "“mtkbackupctl jobs” lists them." },
        [ERROR_NO_SUCH_DEVICE] = { EXIT_NOT_FOUND, "“mtkbackupctl devices” lists them." },
        [ERROR_NO_SUCH_PROFILE] = { EXIT_NOT_FOUND, "“mtkbackupctl profiles” lists them." },
        [ERROR_NO_SUCH_BACKUP] = { EXIT_NOT_FOUND, "“mtkbackupctl backups” lists them." },
        [ERROR_NO_SUCH_AGENT] = { EXIT_NOT_FOUND, "“mtkbackupctl agents” lists them." },
        [ERROR_INVALID_PROFILE] = { EXIT_GENERAL,
                "“mtkbackupctl profiles check FILE” explains it." },
        [ERROR_INVALID_OPTION] = { EXIT_USAGE, NULL },
        [ERROR_INVALID_FILE] = { EXIT_GENERAL, NULL },
        [ERROR_QUEUE_FULL] = { EXIT_GENERAL, "Cancel a job or wait until one has finished." },
        [ERROR_DEVICE_BUSY] = { EXIT_GENERAL, ADVICE_STATUS },
        [ERROR_DEVICE_GONE] = { EXIT_GENERAL, "Check the cable and plug the phone in again." },
        [ERROR_HANDSHAKE_TIMEOUT] = { EXIT_NO_DEVICE,
                "Switch the phone off completely and plug it in again." },
        [ERROR_NO_DOWNLOAD_AGENT] = { EXIT_GENERAL, "Import one: mtkbackupctl agents import FILE" },
        [ERROR_AUTH_REQUIRED] = { EXIT_GENERAL, NULL },
        [ERROR_UNSUPPORTED_CHIP] = { EXIT_GENERAL, NULL },
        [ERROR_DEVICE_REFUSED] = { EXIT_GENERAL, NULL },
        [ERROR_PROTOCOL_VIOLATION] = { EXIT_GENERAL, "Plug the phone in again and retry." },
        [ERROR_CHECKSUM_MISMATCH] = { EXIT_GENERAL, "Try another cable or USB port." },
        [ERROR_OUT_OF_RANGE] = { EXIT_GENERAL, NULL },
        [ERROR_STORE_FULL] = { EXIT_GENERAL, "Free disk space or delete a backup, then retry." },
        [ERROR_STORE_DAMAGED] = { EXIT_MISMATCH, "“mtkbackupctl verify ID” lists the damage." },
        [ERROR_STORE_FAILED] = { EXIT_GENERAL, "“journalctl -u mtkbackupd” has the details." },
        [ERROR_VERIFY_FAILED] = { EXIT_MISMATCH, NULL },
        [ERROR_WRONG_DEVICE] = { EXIT_GENERAL, NULL },
        [ERROR_NOT_CANCELABLE] = { EXIT_GENERAL, NULL },
        [ERROR_CANCELED] = { EXIT_CANCELED, NULL },
        [ERROR_INTERRUPTED] = { EXIT_GENERAL,
                "“mtkbackupctl retry JOB” queues it once more; earlier backups are untouched." },
        [ERROR_WORKER_CRASHED] = { EXIT_GENERAL, "“journalctl -u mtkbackupd” has the details." },
        [ERROR_NO_CAGE] = { EXIT_GENERAL, "mtkbackupd.yaml(5) explains the key “cage”." },
        [ERROR_NOT_AUTHORIZED] = { EXIT_NOT_AUTHORIZED,
                "Run it in an active session, as root, or ask the administrator for a polkit "
                "rule." },
        [ERROR_FAILED] = { EXIT_GENERAL, NULL },
};

#define UNREACHABLE_HINT                                                                                 \
        "Start it with “systemctl start mtkbackupd”; “systemctl status mtkbackupd” says why it " \
        "does not run."

int error_exit_code(ErrorId id)
{
        if (id == ERROR_NONE)
                return EXIT_OK;
        return (unsigned)id < _ERROR_MAX && errors[id].exit ? errors[id].exit : EXIT_GENERAL;
}

/* The one place that says that something went wrong. */
static int error_print(int code, const char *name, const Failure *f)
{
        if (arg_json) {
                json_t *j = json_pack(
                        "{s:s, s:s, s:i}", "error", name, "message", f->text, "exit_code", code);
                if (f->hint[0])
                        json_object_set_new(j, "hint", json_string(f->hint));
                if (f->phase[0])
                        json_object_set_new(j, "phase", json_string(f->phase));
                if (f->status)
                        json_object_set_new(j, "status", json_sprintf("0x%x", f->status));
                out_event("error", j);
                return code;
        }
        message("mtkbackupctl: %s", f->text);
        if (f->hint[0])
                message("%s", f->hint);
        return code;
}

int error_report(const Failure *f)
{
        Failure copy = *f;
        const char *hint = (unsigned)f->id < _ERROR_MAX ? errors[f->id].hint : NULL;

        if (!copy.hint[0] && hint)
                snprintf(copy.hint, sizeof(copy.hint), "%s", hint);
        if (!copy.text[0])
                snprintf(copy.text, sizeof(copy.text), "%s", error_to_string(f->id) ?: "failed");
        return error_print(error_exit_code(f->id), error_to_string(f->id) ?: "Failed", &copy);
}

static _printf_(3, 0) void failure_vset(Failure *f, ErrorId id, const char *format, va_list ap)
{
        *f = (Failure){ .id = id };
        vsnprintf(f->text, sizeof(f->text), format, ap);
}

int error_fail(ErrorId id, const char *format, ...)
{
        Failure f;
        va_list ap;

        va_start(ap, format);
        failure_vset(&f, id, format, ap);
        va_end(ap);
        return error_report(&f);
}

int error_usage(const char *format, ...)
{
        Failure f;
        va_list ap;

        va_start(ap, format);
        failure_vset(&f, ERROR_INVALID_OPTION, format, ap);
        va_end(ap);
        snprintf(f.hint, sizeof(f.hint), "Try “mtkbackupctl --help”.");
        return error_print(EXIT_USAGE, "Usage", &f);
}

int error_file(int r, const char *path)
{
        Failure f = { .id = ERROR_INVALID_FILE };

        snprintf(f.text, sizeof(f.text), "%s: %s", path, strerror(-r));
        return error_print(r == -ENOENT ? EXIT_NOT_FOUND : EXIT_GENERAL, "File", &f);
}

int error_errno(int r, const char *format, ...)
{
        Failure f;
        va_list ap;

        va_start(ap, format);
        failure_vset(&f, ERROR_FAILED, format, ap);
        va_end(ap);
        size_t n = strlen(f.text);
        snprintf(f.text + n, sizeof(f.text) - n, ": %s", strerror(-r));
        return error_print(EXIT_GENERAL, "Failed", &f);
}

/* What the bus itself says, and how it reads in our words. */
static const struct {
        const char *name;
        ErrorId id; /* ERROR_NONE: the service cannot be reached */
} bus_errors[] = {
        { "org.freedesktop.DBus.Error.AccessDenied", ERROR_NOT_AUTHORIZED },
        { "org.freedesktop.DBus.Error.AuthFailed", ERROR_NOT_AUTHORIZED },
        { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", ERROR_NOT_AUTHORIZED },
        { "org.freedesktop.DBus.Error.InvalidArgs", ERROR_INVALID_OPTION },
        { "org.freedesktop.DBus.Error.ServiceUnknown", ERROR_NONE },
        { "org.freedesktop.DBus.Error.NameHasNoOwner", ERROR_NONE },
        { "org.freedesktop.DBus.Error.NoReply", ERROR_NONE },
        { "org.freedesktop.DBus.Error.Timeout", ERROR_NONE },
        { "org.freedesktop.DBus.Error.Disconnected", ERROR_NONE },
        { "org.freedesktop.DBus.Error.NoServer", ERROR_NONE },
};

void error_from_bus(const sd_bus_error *e, int r, Failure *ret)
{
        const char *name = e ? e->name : NULL, *text = e ? e->message : NULL;

        *ret = (Failure){ .id = ERROR_FAILED };
        if (name && strncmp(name, ERROR_PREFIX, strlen(ERROR_PREFIX)) == 0)
                ret->id = error_from_string(name + strlen(ERROR_PREFIX));
        else if (name && strncmp(name, "org.freedesktop.DBus.Error.Spawn.", 33) == 0)
                ret->id = ERROR_NONE;
        else if (!name)
                ret->id = ERROR_NONE; /* the connection itself failed */
        for (size_t i = 0; name && i < ELEMENTS(bus_errors); i++)
                if (strcmp(name, bus_errors[i].name) == 0)
                        ret->id = bus_errors[i].id;
        if (ret->id == ERROR_NONE) {
                snprintf(ret->text, sizeof(ret->text), "mtkbackupd cannot be reached: %s",
                        text ?: strerror(-r));
                snprintf(ret->hint, sizeof(ret->hint), UNREACHABLE_HINT);
        } else {
                snprintf(ret->text, sizeof(ret->text), "%s", text ?: name);
        }
}

int error_unreachable(const Failure *f)
{
        return error_print(EXIT_UNREACHABLE, "Unreachable", f);
}

int error_bus(const sd_bus_error *e, int r)
{
        Failure f;

        error_from_bus(e, r, &f);
        if (f.id == ERROR_NONE)
                return error_unreachable(&f);
        /* the service says what can be done at the end of its message */
        if (e && e->name && strncmp(e->name, ERROR_PREFIX, strlen(ERROR_PREFIX)) == 0)
                return error_print(error_exit_code(f.id), error_to_string(f.id) ?: "Failed", &f);
        return error_report(&f);
}

int exit_code_worse(int a, int b)
{
        /* from harmless to grave; what is not listed is a failure */
        static const int order[] = { EXIT_OK, EXIT_NOTHING, EXIT_INCOMPLETE, EXIT_CANCELED,
                EXIT_NO_DEVICE, EXIT_NOT_FOUND, EXIT_NOT_AUTHORIZED, EXIT_USAGE, EXIT_GENERAL,
                EXIT_UNREACHABLE, EXIT_MISMATCH, EXIT_INTERRUPTED };
        size_t x = 0, y = 0;

        while (x + 1 < ELEMENTS(order) && order[x] != a)
                x++;
        while (y + 1 < ELEMENTS(order) && order[y] != b)
                y++;
        return x >= y ? a : b;
}
