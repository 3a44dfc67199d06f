/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/da-xml.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/log.h"
#include "protocol/fault.h"
#include "protocol/xml-info.h"
#include "protocol/xml-private.h"

enum { FILE_SIZE_MAX = 64 * 1024 };

static DaXml *xml_of(DaSession *s)
{
        return (DaXml *)s;
}

/* After these errors nothing more can be said to the phone. */
static int note_loss(DaSession *s, int r)
{
        s->lost |= r == -ENODEV || r == -EPROTO || r == -ETIMEDOUT || r == -EIO || r == -EPIPE;
        return r;
}

/* ---- small commands ---- */

/* A command that a build may lack. 0 when it worked or is not there. */
static int optional_command(DaXml *x, const char *name, const char *arguments, Failure *f)
{
        const XmlCommand command = { .name = name, .arguments = arguments };
        int r = xml_command(&x->link, &command, f);

        return MIN(r, 0);
}

static int must_command(DaXml *x, const XmlCommand *command, Failure *f)
{
        int r = xml_command(&x->link, command, f);

        return r <= 0 ? r : xml_refused(&x->link, command->name, f);
}

typedef struct File {
        char data[FILE_SIZE_MAX + 1];
        size_t size;
} File;

static int keep_file(void *userdata, const uint8_t *data, size_t size)
{
        File *file = userdata;

        if (size > FILE_SIZE_MAX - file->size)
                return -EFBIG;
        memcpy(file->data + file->size, data, size);
        file->size += size;
        return 0;
}

/* A small file the phone makes. Returns an XmlResult or an error. */
static int get_file(DaXml *x, const char *name, const char *arguments, File *ret, Failure *f)
{
        char text[160];
        const XmlCommand command = {
                .name = name,
                .arguments = text,
                .sink = keep_file,
                .userdata = ret,
                .expect = UINT64_MAX,
        };
        int r;

        ret->size = 0;
        snprintf(text, sizeof text, "%s<target_file>info.xml</target_file>", arguments);
        r = xml_command(&x->link, &command, f);
        if (r == -EFBIG)
                return fault_protocol(f, "The phone's answer to %s is too long.", name);
        return r;
}

/* ---- start ---- */

/* The stages' start-up differs in what is known; what is not known is done without. */
static const char host_capability[] =
        "<host_capability>CMD:DOWNLOAD-FILE^1@CMD:FILE-SYS-OPERATION^1@CMD:PROGRESS-REPORT^1@"
        "CMD:UPLOAD-FILE^1@</host_capability>";

static int set_up_hardware(DaXml *x, Failure *f)
{
        const XmlCommand init = { .name = "NOTIFY-INIT-HW", .answer_ms = XML_INIT_MS };
        int r = optional_command(x, "HOST-SUPPORTED-COMMANDS", host_capability, f);

        return r < 0 ? r : must_command(x, &init, f);
}

static int boot_stage2(DaXml *x, Failure *f)
{
        const DaImage *stage2 = &x->session.target.agent->stage2;
        size_t size = stage2->size - stage2->sig_size;
        char arguments[200];
        const XmlCommand boot = {
                .name = "BOOT-TO",
                .arguments = arguments,
                .answer_ms = XML_DATA_MS,
                .upload = stage2->data,
                .upload_size = size,
        };
        int r;

        if (stage2->size <= stage2->sig_size)
                return failure_set(f, -EINVAL, ERROR_NO_DOWNLOAD_AGENT,
                        "The download agent file has no second stage.");
        snprintf(arguments, sizeof arguments,
                "<at_address>0x%x</at_address><jmp_address>0x%x</jmp_address>"
                "<source_file>MEM://0x0:0x%zx</source_file>",
                stage2->address, stage2->address, size);
        r = must_command(x, &boot, f);
        if (r == -EREMOTEIO)
                failure_hint(f, "The agent's file may be damaged; import it again.");
        return r;
}

/* Windows means reads of 2 MiB, Linux of 64 KiB. The log goes to the UART, not into the answers. */
static const XmlCommand runtime_parameters = {
        .name = "SET-RUNTIME-PARAMETER",
        .version = "1.1",
        .arguments =
                "<checksum_level>NONE</checksum_level><battery_exist>AUTO-DETECT</battery_exist>"
                "<da_log_level>INFO</da_log_level><log_channel>UART</log_channel>"
                "<system_os>WINDOWS</system_os>",
        .advanced = "<initialize_dram>YES</initialize_dram>",
};

/* An agent that wants its maker's signature says so; older ones do not know the question. */
static int check_authorisation(DaXml *x, Failure *f)
{
        _cleanup_free_ File *file = malloc(sizeof *file);
        int r;

        if (!file)
                return -ENOMEM;
        r = get_file(x, "GET-SYS-PROPERTY", "<key>DA.SLA</key>", file, f);
        if (r != XML_RESULT_OK)
                return MIN(r, 0);
        if (!memmem(file->data, file->size, "ENABLED", 7))
                return 0;
        failure_set(f, -EACCES, ERROR_AUTH_REQUIRED,
                "This phone's download agent requires its maker's authorisation (SLA).");
        failure_hint(f, "A backup without the maker's own tool is not possible.");
        return -EACCES;
}

static int start_agent(DaXml *x, Failure *f)
{
        int r = da_session_launch(&x->session, f);

        if (r >= 0)
                r = xml_link_init(&x->link, x->session.transport);
        if (r >= 0)
                r = xml_wait_start(&x->link, XML_START_MS, f);
        if (r >= 0)
                r = must_command(x, &runtime_parameters, f);
        if (r >= 0)
                r = set_up_hardware(x, f);
        if (r >= 0)
                r = boot_stage2(x, f);
        if (r >= 0)
                r = set_up_hardware(x, f);
        return r < 0 ? r : check_authorisation(x, f);
}

static int xml_start(DaSession *s, Failure *f)
{
        return note_loss(s, start_agent(xml_of(s), f));
}

/* ---- information ---- */

static int take_da_version(DaXml *x, File *file, Failure *f)
{
        char version[XML_VALUE_MAX], build[XML_VALUE_MAX];
        int r = get_file(x, "GET-DA-INFO", "", file, f);

        if (r != XML_RESULT_OK)
                return MIN(r, 0);
        xml_value(xml_text(file->data, file->size), "da_version", version);
        xml_value(xml_text(file->data, file->size), "build", build);
        snprintf(x->session.storage.da_version, sizeof x->session.storage.da_version,
                "%.20s%s%.40s", version, build[0] ? " " : "", build);
        return 0;
}

static int get_info(DaXml *x, Failure *f)
{
        _cleanup_free_ File *file = malloc(sizeof *file);
        StorageInfo *info = &x->session.storage;
        int r;

        if (!file)
                return -ENOMEM;
        *info = (StorageInfo){ .rpmb_key = -1, .packet_size = XML_READ_PACKET };
        r = get_file(x, "GET-HW-INFO", "", file, f);
        if (r < 0)
                return r;
        if (r != XML_RESULT_OK)
                return xml_refused(&x->link, "telling about the storage", f);
        r = xml_hw_info(xml_text(file->data, file->size), info);
        if (r == -ENODEV) {
                failure_set(f, -ENXIO, ERROR_DEVICE_REFUSED,
                        "The download agent finds no storage in the phone.");
                return -ENXIO;
        }
        if (r < 0)
                return fault_protocol(f, "The phone describes a storage that cannot be.");
        if (bytes_all(info->cid, info->n_cid, 0) || bytes_all(info->cid, info->n_cid, 0xff))
                info->n_cid = 0;
        return take_da_version(x, file, f);
}

static int xml_info(DaSession *s, Failure *f)
{
        return note_loss(s, get_info(xml_of(s), f));
}

/* What the agent makes of the table. Its file holds 16 KiB: a long list is cut. */
static int get_table(DaXml *x, Layout *layout, Failure *f)
{
        _cleanup_free_ File *file = malloc(sizeof *file);
        int r;

        if (!file)
                return -ENOMEM;
        r = get_file(x, "READ-PARTITION-TABLE", "", file, f);
        if (r != XML_RESULT_OK)
                return r < 0 ? r : -EOPNOTSUPP;
        return xml_partition_table(xml_text(file->data, file->size), layout) < 0 ? -EOPNOTSUPP : 0;
}

static int xml_table(DaSession *s, Layout *layout, Failure *f)
{
        return note_loss(s, get_table(xml_of(s), layout, f));
}

/* ---- reading ---- */

int xml_read_flash(DaXml *x, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
        void *userdata, Failure *f)
{
        const char *section = xml_section(x->session.storage.type, region->kind);
        char arguments[256];
        const XmlCommand command = {
                .name = "READ-FLASH",
                .arguments = arguments,
                .answer_ms = XML_DATA_MS,
                .sink = sink,
                .userdata = userdata,
                .expect = size,
        };

        if (!section)
                return failure_set(f, -EOPNOTSUPP, ERROR_OUT_OF_RANGE,
                        "The download agent has no name for this area.");
        snprintf(arguments, sizeof arguments,
                "<partition>%s</partition><offset>0x%llx</offset><length>0x%llx</length>"
                "<target_file>area.bin</target_file>",
                section, (unsigned long long)offset, (unsigned long long)size);
        return xml_command(&x->link, &command, f);
}

static int read_range(DaXml *x, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
        void *userdata, Failure *f)
{
        bool to_end = offset + size == region->size;
        int r;

        if (to_end && x->ends_refused)
                return xml_read_to_end(x, region, offset, sink, userdata, f);
        r = xml_read_flash(x, region, offset, size, sink, userdata, f);
        if (r <= 0)
                return r;
        if (to_end && xml_end_was_refused(x)) {
                log_debug("this build refuses reads to the end of an area");
                x->ends_refused = true;
                return xml_read_to_end(x, region, offset, sink, userdata, f);
        }
        return xml_refused(&x->link, "reading", f);
}

static int xml_read(DaSession *s, const Region *region, uint64_t offset, uint64_t size, DaSink sink,
        void *userdata, Failure *f)
{
        return note_loss(s, read_range(xml_of(s), region, offset, size, sink, userdata, f));
}

/* ---- the end ---- */

/* There is no command to switch off: DISCONNECT leaves USB, the phone stays dark. */
static int xml_finish(DaSession *s, DaFinish how, Failure *f)
{
        DaXml *x = xml_of(s);
        const XmlCommand reboot = {
                .name = "REBOOT",
                .last = true,
                .arguments = how == DA_FINISH_REBOOT ? "<action>IMMEDIATE</action>"
                                                     : "<action>DISCONNECT</action>",
        };
        int r = must_command(x, &reboot, f);

        s->running &= r < 0;
        s->lost = true; /* nobody listens any more */
        return r;
}

static void xml_free(DaSession *s)
{
        xml_link_done(&xml_of(s)->link);
        free(s);
}

static const DaOps xml_ops = {
        .name = "xml",
        .start = xml_start,
        .info = xml_info,
        .read = xml_read,
        .table = xml_table,
        .finish = xml_finish,
        .free = xml_free,
};

int da_xml_new(DaSession **ret)
{
        DaXml *x = calloc(1, sizeof *x);

        if (!x)
                return -ENOMEM;
        x->session.ops = &xml_ops;
        *ret = &x->session;
        return 0;
}
