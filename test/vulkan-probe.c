/* Exit status 0 where the Vulkan loader finds a device. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

/* The few declarations of vulkan_core.h that are needed. */
typedef struct {
  int32_t type;
  const void *next;
  uint32_t flags;
  const void *application;
  uint32_t layers;
  const char *const *layer_names;
  uint32_t extensions;
  const char *const *extension_names;
} InstanceCreateInfo;
typedef int (*CreateInstance)(const InstanceCreateInfo *, const void *, void **);
typedef int (*EnumerateDevices)(void *, uint32_t *, void *);

int main(void) {
  void *loader = dlopen("libvulkan.so.1", RTLD_NOW);
  if (!loader) {
    puts("no Vulkan loader (libvulkan1)");
    return 1;
  }
  CreateInstance create = (CreateInstance)dlsym(loader, "vkCreateInstance");
  EnumerateDevices enumerate =
      (EnumerateDevices)dlsym(loader, "vkEnumeratePhysicalDevices");
  InstanceCreateInfo info = {.type = 1};
  void *instance = NULL;
  uint32_t count = 0;
  if (!create || !enumerate || create(&info, NULL, &instance) != 0 ||
      enumerate(instance, &count, NULL) != 0 || count == 0) {
    puts("no Vulkan device (mesa-vulkan-drivers has one for the CPU)");
    return 1;
  }
  printf("%u Vulkan devices\n", count);
  return 0;
}
