/* The public headers by themselves, as C11. */
#include "effattn/effattn.h"
#include "effattn/host.h"
#include "effattn/kernel.h"

int effattn_test_header_c(void);
int effattn_test_header_c(void) {
  effattn_options options = {0};
  options.size = sizeof options;
  return (int)options.size;
}
