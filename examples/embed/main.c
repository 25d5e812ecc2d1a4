/* Local attention from C: one head of 1000 tokens, each sees 64. */
#include "local.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 1000, D = 64 };

static float query[N * D], key[N * D], value[N * D], output[N * D];

static DLTensor tensor(float *data, int64_t *shape) {
  DLTensor result = {0};
  result.data = data;
  result.device.device_type = kDLCPU;
  result.ndim = 4;
  result.dtype.code = kDLFloat;
  result.dtype.bits = 32;
  result.dtype.lanes = 1;
  result.shape = shape; /* no strides: dense, row-major */
  return result;
}

int main(void) {
  int64_t shape[4] = {1, 1, N, D};
  for (int k = 0; k < N * D; ++k) {
    query[k] = sinf(0.37f * (float)k);
    key[k] = cosf(0.11f * (float)k);
    value[k] = (float)(k / D); /* the token's own position */
  }
  DLTensor q = tensor(query, shape), k = tensor(key, shape);
  DLTensor v = tensor(value, shape), o = tensor(output, shape);

  effattn_status status = local_attention(NULL, &q, &k, &v, &o);
  if (status != EFFATTN_OK) {
    fprintf(stderr, "%s: %s\n", effattn_status_name(status), effattn_message());
    return 1;
  }
  /* An average of positions that token 999 sees: within 936..999. */
  printf("token 999 looks at position %.1f on average\n",
         (double)output[999 * D]);
  return output[999 * D] >= 936 && output[999 * D] <= 999 ? 0 : 1;
}
