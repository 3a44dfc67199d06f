/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What xml-model.c (frames, loop, dialogues) and xml-command.c (commands) share. */

#include "chips.h"
#include "frame.h"
#include "xml-model.h"

typedef struct XmlAgent XmlAgent;
typedef void (*XmlWant)(XmlAgent *x, const uint8_t *data, size_t size);
/* A host's short reply: ok, and what stands behind the @. */
typedef void (*XmlReply)(XmlAgent *x, bool ok, const char *value);

struct XmlAgent {
        Stage stage;
        int level; /* 1, 2 */
        bool windows, locked, ours;
        uint8_t *stage1;
        size_t n_stage1;

        /* the frame that is awaited */
        XmlWant want;
        Frame frame;

        XmlReply reply;
        XmlWant chunk;
        char name[64], version[16]; /* of the command */
        char text[1024];            /* the message of its END */
        void (*after)(XmlAgent *x); /* when its END was answered */

        /* the file that goes out */
        bool flash;
        char *content;
        FlashArea area;
        uint64_t offset, size, done;
        unsigned chunks;
        uint32_t packet;
};

static inline Model *xml_model(XmlAgent *x)
{
        return x->stage.model;
}
static inline const XmlTraits *xml_traits(const XmlAgent *x)
{
        return x->stage.chip->agent_traits;
}
static inline bool xml_has(const XmlAgent *x, unsigned feature)
{
        return (xml_traits(x)->features & feature) != 0;
}

void xml_send(XmlAgent *x, const void *data, size_t size);
void xml_send_text(XmlAgent *x, const char *format, ...) _printf_(2, 3);
void xml_want(XmlAgent *x, size_t max, XmlWant next);
void xml_want_reply(XmlAgent *x, XmlReply next);
void xml_stuck(XmlAgent *x, const char *why);
/* Waits for the next command. */
void xml_loop(XmlAgent *x);
void xml_end(XmlAgent *x, const char *result, const char *format, ...) _printf_(3, 4);
/* Sends a file of text (taken over) or a range of the flash, then END. */
void xml_upload_text(XmlAgent *x, const char *info, const char *target, char *content);
void xml_upload_flash(XmlAgent *x, const char *info, const char *target, FlashArea area,
        uint64_t offset, uint64_t size);
uint32_t xml_packet(const XmlAgent *x);
/* The text of an element of the command, cut to size - 1 bytes; "" and false when there is none. */
bool xml_argument(const char *command, const char *tag, char *out, size_t size);
/* Runs the command; END follows from there. */
void xml_run(XmlAgent *x, const char *command);
bool xml_known(const XmlAgent *x, const char *name);
