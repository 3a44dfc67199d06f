/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Recordings of XML agents (recording.h).
 *
 * Their texts are cut behind the first letters. What is missing is written here, and has to have the
 * recorded length. A command is the recorded one when it says the same but for the name of the file,
 * which is the host's own. */

#include "recording.h"

#include "protocol/xml-info.h"
#include "protocol/xml-private.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
#define FROM_HOST HEAD "<host><version>1.0</version><command>CMD:"

enum { BOOT_SIZE = 0x400000, GPT_TAIL = 33 * 512 };
#define USER_SIZE UINT64_C(0x3a3e00000)

/* ---- the stages: messages, without their heads ---- */

static bool is_head(const Step *s)
{
        return s->host && s->size == FRAME_HEAD && get_le32(s->known) == 0xfeeeeeef;
}

static bool begins_command(size_t i)
{
        return rec.steps[i].shown && memcmp(rec.steps[i].known, "<?xml", 5) == 0;
}

static void find_stages(void)
{
        size_t n = 0, i = 0;

        while (i < rec.n && (rec.steps[i].host || !step_says(i, "efeeeefe")))
                i++;
        for (n = i; i < rec.n; i++)
                if (!is_head(&rec.steps[i]))
                        rec.steps[n++] = rec.steps[i];
        rec.n = n;
        for (i = 0; i < rec.n; i++) /* contents are ours */
                if (!rec.steps[i].host && rec.steps[i].size > 64 && !is_frames(&rec.steps[i]))
                        rec.steps[i].n_known = 0;
        for (i = 0; i < rec.n && (rec.steps[i].host || !step_says(i, "efeeeefe"));)
                i++;
        rec.begin[START] = i;
        rec.begin[STAGE1] = i + 1; /* nothing is between its START and the answer */
        rec.begin[STAGE2] = rec.begin[_STAGES] = rec.n;
}

/* The text of an element of a message; "" when there is none. */
static const char *value_of(const void *message, const char *tag)
{
        static char values[4][128];
        static unsigned next;
        char *value = values[next++ % ELEMENTS(values)], open[32];
        const char *at;

        snprintf(open, sizeof open, "<%s>", tag);
        at = strstr(message, open);
        snprintf(value, sizeof values[0], "%.*s", at ? (int)strcspn(at + strlen(open), "<") : 0,
                at ? at + strlen(open) : "");
        return value;
}

static bool matches(const Step *s, size_t k)
{
        static const char *const telling[] = { "command", "partition", "offset", "length", "key" };
        const uint8_t *said = rec.said[k].data;

        if (!s->shown || said[0] != '<')
                return s->size == rec.said[k].size &&
                        (!s->shown || memcmp(s->known, said, s->size) == 0);
        for (size_t i = 0; i < ELEMENTS(telling); i++)
                if (strcmp(value_of(s->known, telling[i]), value_of(said, telling[i])) != 0)
                        return false;
        return s->known[0] == '<';
}

/* ---- what is not shown ---- */

/* Where a read goes: false when there is no such place. */
static bool range_of(
        const void *command, uint8_t *ret_area, uint64_t *ret_offset, uint64_t *ret_size)
{
        static const struct {
                const char *name;
                uint8_t area;
                uint64_t offset, size;
        } names[] = {
                { "EMMC-BOOT1", 1, 0, BOOT_SIZE },
                { "EMMC-USER", 8, 0, USER_SIZE },
                { "preloader", 1, 0, BOOT_SIZE },
                { "preloader_backup", 2, 0, BOOT_SIZE },
                { "pgpt", 8, 0, 0x8000 },
                { "PGPT", 8, 0, 0x8000 },
                { "sgpt", 8, USER_SIZE - GPT_TAIL, GPT_TAIL },
                { "lk", 8, 0x8408000, 0x100000 },
                { "flashinfo", 8, 0x10000000, 0x1000000 },
        };
        const char *name = value_of(command, "partition");
        bool flash = strstr(command, "READ-FLASH") != NULL;

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                if (strcmp(names[i].name, name) != 0 || flash != (i < 2))
                        continue;
                *ret_area = names[i].area;
                *ret_offset =
                        flash ? strtoull(value_of(command, "offset"), NULL, 0) : names[i].offset;
                *ret_size = flash ? strtoull(value_of(command, "length"), NULL, 0) : names[i].size;
                return true;
        }
        return false;
}

static uint8_t content(uint8_t area, uint64_t offset)
{
        return (uint8_t)(offset * 7 + (offset >> 9) + area);
}

/* The result and message of an END, as far as the command tells them. */
static void end_text(const void *command, size_t size, char *out, size_t room)
{
        const char *name = value_of(command, "command"), *result = "OK";
        uint64_t offset, length, area_size;
        char message[160] = "";
        uint8_t area;

        if (size == 182) { /* the only one with this result */
                result = "ERR!UNSUPPORTED";
                snprintf(message, sizeof message, "Unsupported command.");
        } else if (size == 169) { /* a text of another command was left */
                snprintf(message, sizeof message, "Unsupported command.");
        } else if (size != 149) {
                result = "ERR";
                if (strcmp(name, "CMD:READ-PARTITION") == 0)
                        snprintf(message, sizeof message, "Cannot find [%s] in partition table.",
                                value_of(command, "partition"));
                else if (!range_of(command, &area, &offset, &length))
                        snprintf(message, sizeof message,
                                "Cannot find [%s] on current device storage.",
                                value_of(command, "partition"));
                else if (offset >= (area_size = area == 8 ? USER_SIZE : BOOT_SIZE))
                        snprintf(message, sizeof message,
                                "base address is larger than partition max size.");
                else
                        snprintf(message, sizeof message,
                                "Read length[%llx] is larger than partition max size[%llx]",
                                (unsigned long long)length,
                                (unsigned long long)(area_size - offset));
        }
        snprintf(out, room,
                FROM_HOST "END</command><arg><result>%s</result><message>%s</message>"
                          "</arg></host>",
                result, message);
}

static void file_text(const void *command, size_t size, char *out, size_t room)
{
        static const char *const infos[][2] = { { "CMD:GET-HW-INFO", "HW-INFO" },
                { "CMD:GET-DA-INFO", "DA-INFO" },
                { "CMD:READ-PARTITION-TABLE", "partition-table" } };
        const char *name = value_of(command, "command"), *info = value_of(command, "partition");
        const char *packets[] = { "0x1000", "0x10000", "0x200000" };

        if (strcmp(name, "CMD:NOTIFY-INIT-HW") == 0) {
                snprintf(out, room,
                        FROM_HOST "PROGRESS-REPORT</command><arg><message>init-hw"
                                  "</message></arg></host>");
                return;
        }
        for (size_t i = 0; i < ELEMENTS(infos); i++)
                if (strcmp(infos[i][0], name) == 0)
                        info = infos[i][1];
        /* the length says which one it is */
        for (size_t i = 0; i < ELEMENTS(packets); i++) {
                bool boot = strcmp(name, "CMD:BOOT-TO") == 0;
                const char *kind = boot ? "source_file" : "target_file";

                snprintf(out, room,
                        FROM_HOST "%s</command><arg><checksum>CHK_NO</checksum><info>%s</info>"
                                  "<%s>%s</%s><packet_length>%s</packet_length></arg></host>",
                        boot ? "DOWNLOAD-FILE" : "UPLOAD-FILE", boot ? "2nd-DA" : info, kind,
                        value_of(command, kind), kind, packets[i]);
                if (strlen(out) + 1 == size)
                        return;
        }
}

/* The one message of a frame: START, END, or what begins a dialogue. What comes behind it tells. */
static void fill_message(size_t step, bool last, uint8_t *data, size_t size)
{
        const void *command = rec.steps[rec.current].known;
        const Step *next = &rec.steps[step + 2];
        char text[1200];
        bool ends = step + 2 < rec.n && !next->host && next->size == 114;

        if (size == 102)
                snprintf(text, sizeof text, FROM_HOST "START</command></host>");
        else if (last && ends)
                end_text(command, size, text, sizeof text);
        else
                file_text(command, size, text, sizeof text);
        if (strlen(text) + 1 != size)
                fail_msg("%s: \"%s\" has %zu bytes, %zu were recorded", (const char *)command, text,
                        strlen(text) + 1, size);
        memcpy(data, text, size);
}

static void fill_file(const void *command, uint8_t *data, size_t size)
{
        const char *name = value_of(command, "command");
        const char *text = HEAD "<da_info><version>1.0</version><da_version>2021</da_version>"
                                "<build>Nov 20 2021:00:00:00</build></da_info>";

        if (strcmp(name, "CMD:GET-HW-INFO") == 0)
                text = HEAD "<da_hw_info><version>1.1</version><ram_size>0x80000000</ram_size>"
                            "<battery_voltage>0</battery_voltage>"
                            "<random_id>00112233445566778899aabbccddeeff</random_id>"
                            "<storage>EMMC</storage><emmc><block_size>0x200</block_size>"
                            "<boot1_size>0x400000</boot1_size><boot2_size>0x400000</boot2_size>"
                            "<rpmb_size>0x400000</rpmb_size><user_size>0x3a3e00000</user_size>"
                            "<gp1_size>0</gp1_size><gp2_size>0</gp2_size><gp3_size>0</gp3_size>"
                            "<gp4_size>0</gp4_size><id>530001154d454d494352101200ab5100</id></emmc>"
                            "</da_hw_info>";
        else if (strcmp(name, "CMD:READ-PARTITION-TABLE") == 0)
                text = HEAD "<partition_table version=\"1.0\"><pt><name>proinfo</name>"
                            "<start>0x8000</start><size>0x300000</size></pt><pt><name>lk</name>"
                            "<start>0x8408000</start><size>0x100000</size></pt>"
                            "</partition_table>";
        assert_true(strlen(text) < size);
        memset(data, ' ', size);
        memcpy(data, text, strlen(text));
        data[size - 1] = 0;
}

/* How much of its file a command has brought before this step. */
static uint64_t sent_before(size_t step)
{
        uint64_t sent = 0;

        for (size_t i = rec.current; i < step; i++)
                sent += !rec.steps[i].host && !is_frames(&rec.steps[i]) ? rec.steps[i].size : 0;
        return sent;
}

static void fill_data(size_t step, uint8_t *data, size_t size)
{
        uint64_t offset, all;
        uint8_t area;

        if (!range_of(rec.steps[rec.current].known, &area, &offset, &all)) {
                fill_file(rec.steps[rec.current].known, data, size);
                return;
        }
        offset += sent_before(step);
        for (size_t i = 0; i < size; i++)
                data[i] = content(area, offset + i);
}

static void fill(size_t step, uint8_t *data)
{
        const Step *s = &rec.steps[step];

        if (!is_frames(s)) {
                fill_data(step, data, s->size);
                return;
        }
        for (size_t at = 0; at < s->size;) {
                uint32_t size = 0;
                size_t payload = at + FRAME_HEAD;

                if (payload <= s->n_known && s->mask[payload - 1])
                        size = get_le32(s->known + at + 8);
                else
                        size = (uint32_t)(s->size - payload);
                put_le32(data + at, 0xfeeeeeef);
                put_le32(data + at + 4, 1);
                put_le32(data + at + 8, size);
                if (size > s->size - payload)
                        return; /* it is the next step */
                if (payload < s->n_known && s->mask[payload] && s->known[payload] != '<')
                        memset(data + payload, 0, size); /* short ones are shown */
                else if (size == 144 && !rec.steps[rec.current + 1].host &&
                        strstr((const char *)rec.steps[rec.current].known, "GET-DA-INFO"))
                        fill_file(rec.steps[rec.current].known, data + payload, size);
                else
                        fill_message(step, payload + size == s->size, data + payload, size);
                at = payload + size;
        }
}

/* ---- what the recorded host did not ask ---- */

static struct {
        uint64_t offset, left;
        uint8_t area;
        unsigned step;
} other;

static void say_text(Peer *p, const char *text)
{
        uint8_t head[FRAME_HEAD];

        put_le32(head, 0xfeeeeeef);
        put_le32(head + 4, 1);
        put_le32(head + 8, (uint32_t)strlen(text) + 1);
        peer_say(p, head, sizeof head);
        peer_say(p, text, strlen(text) + 1);
}

static void say_end(Peer *p, const char *result)
{
        char text[300];

        snprintf(text, sizeof text,
                FROM_HOST "END</command><arg><result>%s</result><message></message></arg></host>",
                result);
        say_text(p, text);
        other.step = 9;
}

/* Reads of other ranges, in the form of the recorded ones; other commands are unknown. */
static bool say_other(Peer *p, const uint8_t *data, size_t size)
{
        uint8_t head[FRAME_HEAD] = { 0xef, 0xee, 0xee, 0xfe, 1 };
        char text[64];

        if (data[0] == '<') {
                if (!strstr((const char *)data, "READ-FLASH") ||
                        !range_of(data, &other.area, &other.offset, &other.left)) {
                        say_text(p, "ERR!UNSUPPORTED");
                        say_end(p, "ERR!UNSUPPORTED");
                        return true;
                }
                say_text(p, "OK");
                say_text(p,
                        FROM_HOST "UPLOAD-FILE</command><arg><packet_length>0x10000"
                                  "</packet_length></arg></host>");
                other.step = 1;
                return true;
        }
        if (other.step == 0 || memcmp(data, "OK", 3) != 0)
                return false;
        switch (other.step++) {
        case 1:
                snprintf(text, sizeof text, "OK@0x%016llX", (unsigned long long)other.left);
                say_text(p, text);
                return true;
        case 2: say_text(p, "OK@0x0"); return true;
        case 3:
                assert_true(other.left <= 0x10000);
                put_le32(head + 8, (uint32_t)other.left);
                peer_say(p, head, sizeof head);
                for (; other.left > 0; other.left--) {
                        uint8_t byte = content(other.area, other.offset++);

                        peer_say(p, &byte, 1);
                }
                return true;
        case 4: say_end(p, "OK"); return true;
        case 9: say_text(p, FROM_HOST "START</command></host>"); return true;
        case 10: other.step = 0; return true; /* the answer to START */
        default: return false;
        }
}

static bool next_stage(void)
{
        return false;
}

static const RecordedFamily xml = {
        .hw_code = 0x1066,
        .version = 3,
        .stays = true,
        .find_stages = find_stages,
        .begins = begins_command,
        .matches = matches,
        .fill = fill,
        .say_default = say_other,
        .next_stage = next_stage,
};

/* A head and its payload are two transfers. */
static uint32_t payload_size;

static void hear(Peer *p, const uint8_t *data, size_t size)
{
        if (rec.stage == LOADER) {
                play_hear(p, data, size);
                if (rec.stage == START)
                        rec.stage = STAGE1;
                return;
        }
        if (payload_size == 0) {
                if (size != FRAME_HEAD || get_le32(data) != 0xfeeeeeef || get_le32(data + 4) != 1)
                        p->problem = "no head of its own";
                payload_size = get_le32(data + 8);
                return;
        }
        if (size != payload_size)
                p->problem = "a payload of another size than its head says";
        payload_size = 0;
        if (other.step > 0 && data[0] != '<')
                say_other(p, data, size);
        else
                play_hear(p, data, size);
}

/* ---- the host ---- */

static void make_agent(void)
{
        size_t size2 = 0;

        for (size_t i = rec.begin[STAGE1]; i < rec.n; i++)
                if (rec.steps[i].host && !rec.steps[i].shown)
                        size2 += rec.steps[i].size;
        set_agent(DA_XML, 0x200000, 0x40000000, size2 + 0x100);
}

typedef struct Wanted {
        uint8_t area;
        uint64_t offset, got;
} Wanted;

static int check(void *userdata, const uint8_t *data, size_t size)
{
        Wanted *w = userdata;

        for (size_t i = 0; i < size; i++)
                if (data[i] != content(w->area, w->offset + w->got + i))
                        fail_msg("byte 0x%llx of area %u is %02x",
                                (unsigned long long)(w->offset + w->got + i), w->area, data[i]);
        w->got += size;
        return 0;
}

/* Everything the recorded host asked: the same answer each time, and a phone in step. */
static size_t repeat_commands(DaSession *s, uint64_t most)
{
        size_t n = 0;

        for (size_t i = rec.begin[STAGE1]; i < rec.n; i++) {
                const char *command = (const char *)rec.steps[i].known, *arguments;
                char text[400];
                uint64_t length = 0;
                Wanted w = {};
                XmlCommand c = { .sink = check, .userdata = &w, .expect = UINT64_MAX };
                bool refused;
                Failure f = {};

                if (!rec.steps[i].host || !begins_command(i) || strstr(command, "BOOT-TO") ||
                        !range_of(command, &w.area, &w.offset, &length))
                        w.area = 0;
                if (!rec.steps[i].host || !strstr(command, "CMD:READ-") ||
                        strstr(command, "PARTITION-TABLE"))
                        continue;
                n++;
                if (length > most)
                        continue;
                c.name = strstr(command, "READ-FLASH") ? "READ-FLASH" : "READ-PARTITION";
                arguments = strstr(command, "<arg>") + 5;
                snprintf(text, sizeof text, "%.*s", (int)(strstr(arguments, "</arg>") - arguments),
                        arguments);
                c.arguments = text;
                /* an answer that ends in its first message refuses */
                refused = rec.steps[i + 3].size == 114;
                assert_int_equal(xml_command(&((DaXml *)s)->link, &c, &f),
                        refused ? XML_RESULT_ERR : XML_RESULT_OK);
                assert_true(w.got == (refused ? 0 : length));
        }
        return n;
}

static void repeat_questions(DaSession *s)
{
        static const char *const unknown[] = { "HOST-SUPPORTED-COMMANDS", "GET-SYS-PROPERTY",
                "CAN-HIGHER-USB-SPEED" };
        XmlLink *link = &((DaXml *)s)->link;
        Failure f = {};

        for (size_t i = 0; i < ELEMENTS(unknown); i++)
                assert_int_equal(xml_command(link, &(XmlCommand){ .name = unknown[i] }, &f),
                        XML_RESULT_UNSUPPORTED);
        assert_int_equal(xml_command(link,
                                 &(XmlCommand){ .name = "SET-HOST-INFO",
                                         .arguments = "<info>20260101T120000</info>" },
                                 &f),
                XML_RESULT_OK);
}

typedef struct File {
        char text[2048];
        size_t size;
} File;

static int keep(void *userdata, const uint8_t *data, size_t size)
{
        File *file = userdata;

        assert_true(size < sizeof file->text - file->size);
        memcpy(file->text + file->size, data, size);
        file->size += size;
        return 0;
}

static void read_table(DaSession *s)
{
        _cleanup_(layout_freep) Layout *layout = layout_new();
        File file = {};
        Failure f = {};

        assert_int_equal(xml_command(&((DaXml *)s)->link,
                                 &(XmlCommand){ .name = "READ-PARTITION-TABLE",
                                         .arguments = "<target_file>x</target_file>",
                                         .sink = keep,
                                         .userdata = &file,
                                         .expect = UINT64_MAX },
                                 &f),
                XML_RESULT_OK);
        assert_int_equal(xml_partition_table(xml_text(file.text, file.size), layout), 0);
        assert_int_equal(layout->n_parts, 2);
}

/* BOOT1 to its end, which this build gives by another way only. */
static void read_to_the_end(DaSession *s)
{
        Wanted w = { .area = 1 };
        Failure f = {};

        if (s->ops->read(
                    s, storage_region(&s->storage, REGION_BOOT1), 0, BOOT_SIZE, check, &w, &f) < 0)
                fail_msg("%s", f.text);
        assert_int_equal(w.got, BOOT_SIZE);
}

static void test_sessions(void **state)
{
        static const struct {
                const char *name;
                size_t reads;
                bool ends;
        } sessions[] = {
                { "xml-mt6781-v6", 7, false },
                { "xml-mt6781-end-of-area", 16, true },
        };

        for (size_t i = 0; i < ELEMENTS(sessions); i++)
                for (size_t k = 0; k < ELEMENTS(visit_packets); k++) {
                        DaSession *s;
                        Visit v;

                        assert_true(load(&xml, sessions[i].name, 0));
                        memset(&other, 0, sizeof other);
                        payload_size = 0;
                        make_agent();
                        s = visit(&v, hear, sessions[i].name, visit_packets[k]);
                        assert_int_equal(s->storage.type, STORAGE_EMMC);
                        assert_true(storage_region(&s->storage, REGION_USER)->size == USER_SIZE);
                        assert_int_equal(
                                repeat_commands(s, k == 0 ? UINT64_MAX : MiB), sessions[i].reads);
                        repeat_questions(s);
                        if (sessions[i].ends && k == 0)
                                read_to_the_end(s);
                        else if (!sessions[i].ends)
                                read_table(s);
                        assert_int_equal(da_session_info(s, &v.failure), 0);
                        if (k == 0)
                                assert_all_met(sessions[i].name);
                        visit_end(&v, sessions[i].name);
                }
}

TEST_MAIN(cmocka_unit_test(test_sessions))
