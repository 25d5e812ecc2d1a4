/*===- status.c - names of statuses, and the message of a thread
 * -----------===*/
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[EFFATTN_MESSAGE_BYTES];

effattn_status effattn_fail(effattn_status status, const char *format, ...) {
  /* Arguments may point into the old message: format into a copy first. */
  char text[EFFATTN_MESSAGE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  /* One line, whatever a name or a library put into it. */
  for (char *c = text; *c; ++c)
    if (*c == '\n' || *c == '\r')
      *c = c[1] ? ' ' : '\0';
  memcpy(message, text, sizeof message);
  return status;
}

void effattn_clear_message(void) { message[0] = '\0'; }

const char *effattn_message(void) { return message; }

const char *effattn_version(void) { return EFFATTN_VERSION; }

const char *effattn_status_name(effattn_status status) {
  switch (status) {
#define NAME(status)                                                           \
  case status:                                                                 \
    return #status;
    NAME(EFFATTN_OK)
    NAME(EFFATTN_NULL)
    NAME(EFFATTN_VERSION_MISMATCH)
    NAME(EFFATTN_TYPE)
    NAME(EFFATTN_RANK)
    NAME(EFFATTN_SIZE)
    NAME(EFFATTN_STRIDE)
    NAME(EFFATTN_ALIGNMENT)
    NAME(EFFATTN_DEVICE)
    NAME(EFFATTN_OVERLAP)
    NAME(EFFATTN_OVERFLOW)
    NAME(EFFATTN_BAD_INDEX_SET)
    NAME(EFFATTN_REQUIRE)
    NAME(EFFATTN_OUT_OF_MEMORY)
    NAME(EFFATTN_PROCESSOR)
    NAME(EFFATTN_NO_DEVICE)
    NAME(EFFATTN_DEVICE_LIMIT)
    NAME(EFFATTN_DEVICE_FAILED)
    NAME(EFFATTN_UNSUPPORTED)
    NAME(EFFATTN_INTERNAL)
    NAME(EFFATTN_OPTION)
#undef NAME
  }
  return "unknown status";
}
