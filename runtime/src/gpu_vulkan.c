/*===- gpu_vulkan.c - finding a Vulkan device
------------------------------===*\
|*
|* Halide's Vulkan runtime chooses the device by HL_VK_DEVICE_TYPE, else the
|* first GPU, else the first device. The same choice is made here first, to say
|* what is missing and to know the limits, which Halide does not check.
|*
|* Only what is called is declared: building needs no Vulkan headers.
|*
\*===----------------------------------------------------------------------===*/
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "gpu_internal.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* Halide 21 rounds the size of a buffer down where the driver aligns buffers to
   64 bytes, and the end of the buffer reads as zero. The last number makes it
   round up to 256 first. */
#define ALLOCATOR_CONFIGURATION "0:32:0:0:256"

typedef void *handle;

typedef struct instance_info {
  uint32_t structure;
  const void *next;
  uint32_t flags;
  const void *application;
  uint32_t layers;
  const char *const *layer;
  uint32_t extensions;
  const char *const *extension;
} instance_info;

/* VkPhysicalDeviceProperties, as far as it is read. */
typedef struct device_properties {
  uint32_t api_version, driver_version, vendor, device, type;
  char name[256];
  uint8_t cache_uuid[16];
  struct {
    uint32_t images[5], texel_elements, uniform_range, storage_range;
    uint32_t push_constants, allocations, samplers;
    uint64_t image_granularity, sparse_bytes;
    uint32_t bound_sets, stage_descriptors[6], stage_resources, set_sizes[8];
    uint32_t vertex[5], tessellation[8], geometry[5], fragment[4];
    uint32_t shared_bytes, groups[3], threads, group_size[3];
  } limits;
  char rest[1024];
} device_properties;

enum { INTEGRATED = 1, DISCRETE = 2, VIRTUAL = 3, CPU = 4 };

typedef void (*any_function)(void);
typedef any_function (*get_function)(handle instance, const char *name);
typedef int32_t (*create_instance)(const instance_info *, const void *,
                                   handle *);
typedef void (*destroy_instance)(handle, const void *);
typedef int32_t (*enumerate_devices)(handle, uint32_t *, handle *);
typedef void (*get_properties)(handle, device_properties *);

static const char install[] =
    "install a Vulkan driver (Debian: mesa-vulkan-drivers, libvulkan1), or "
    "that of the GPU's vendor";

static bool matches(const char *wanted, uint32_t type) {
  if (!wanted || !*wanted)
    return type == INTEGRATED || type == DISCRETE;
  if (strstr(wanted, "cpu") && type == CPU)
    return true;
  if (strstr(wanted, "integrated-gpu"))
    return type == INTEGRATED;
  if (strstr(wanted, "discrete-gpu"))
    return type == DISCRETE;
  if (strstr(wanted, "virtual-gpu"))
    return type == VIRTUAL;
  return strstr(wanted, "gpu") && (type == INTEGRATED || type == DISCRETE);
}

static void take_limits(effattn_gpu_device *device,
                        const device_properties *properties) {
  memcpy(device->name, properties->name, sizeof device->name);
  device->name[sizeof device->name - 1] = 0;
  device->most_buffer_bytes = properties->limits.storage_range;
  device->most_shared_bytes = properties->limits.shared_bytes;
  device->most_threads = properties->limits.threads;
  if (device->most_threads > properties->limits.group_size[0])
    device->most_threads = properties->limits.group_size[0];
  for (int axis = 0; axis < 3; ++axis)
    device->most_blocks[axis] = properties->limits.groups[axis];
}

#define MOST_DEVICES 32

static effattn_status choose(effattn_gpu_device *device, handle instance,
                             get_function get) {
  enumerate_devices enumerate =
      (enumerate_devices)get(instance, "vkEnumeratePhysicalDevices");
  get_properties read =
      (get_properties)get(instance, "vkGetPhysicalDeviceProperties");
  handle devices[MOST_DEVICES];
  uint32_t count = MOST_DEVICES;
  if (!enumerate || !read || enumerate(instance, &count, devices) < 0 ||
      count == 0)
    return effattn_fail(EFFATTN_NO_DEVICE, "no Vulkan device: %s", install);
  const char *wanted = getenv("HL_VK_DEVICE_TYPE");
  device_properties *properties =
      effattn_allocate(NULL, sizeof *properties, 16);
  if (!properties)
    return effattn_out_of_memory("the limits of a device", sizeof *properties);
  uint32_t chosen = 0;
  while (chosen < count) {
    read(devices[chosen], properties);
    if (matches(wanted, properties->type))
      break;
    ++chosen;
  }
  effattn_status status = EFFATTN_OK;
  if (chosen == count && wanted && *wanted)
    status = effattn_fail(EFFATTN_NO_DEVICE,
                          "no Vulkan device of type '%s', which "
                          "HL_VK_DEVICE_TYPE asks for; '%s' is there",
                          wanted, properties->name);
  if (chosen == count)
    read(devices[0], properties);
  if (!status)
    take_limits(device, properties);
  effattn_deallocate(NULL, properties, sizeof *properties, 16);
  return status;
}

effattn_status effattn_gpu_find_vulkan(effattn_gpu_device *device,
                                       int32_t number) {
  if (number != 0)
    return effattn_fail(EFFATTN_NO_DEVICE,
                        "Vulkan device %d: devices are not chosen by number "
                        "but by HL_VK_DEVICE_TYPE (cpu, gpu, integrated-gpu, "
                        "discrete-gpu, virtual-gpu)",
                        number);
  void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return effattn_fail(EFFATTN_NO_DEVICE,
                        "no Vulkan loader (libvulkan.so.1): %s", install);
  get_function get =
      __extension__(get_function) dlsym(library, "vkGetInstanceProcAddr");
  create_instance create =
      get ? (create_instance)get(NULL, "vkCreateInstance") : NULL;
  if (!create)
    return effattn_fail(EFFATTN_NO_DEVICE, "libvulkan.so.1 is not usable: %s",
                        install);
  /* Halide aborts where the loader lacks this extension; asking for it makes
     the loader say so. */
  const char *const extension = "VK_KHR_get_physical_device_properties2";
  const instance_info info = {
      .structure = 1, .extensions = 1, .extension = &extension};
  handle instance = NULL;
  if (create(&info, NULL, &instance) != 0)
    return effattn_fail(EFFATTN_NO_DEVICE, "no Vulkan driver: %s", install);
  const effattn_status status = choose(device, instance, get);
  destroy_instance destroy =
      (destroy_instance)get(instance, "vkDestroyInstance");
  if (destroy)
    destroy(instance, NULL);
  if (status)
    return status;
  setenv("HL_VK_ALLOC_CONFIG", ALLOCATOR_CONFIGURATION, /*overwrite=*/0);
  device->interface = halide_vulkan_device_interface();
  return EFFATTN_OK;
}
