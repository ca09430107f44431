# Builds one Arduino sketch for the Uno with Debian's gcc-avr, avr-libc and arduino-core-avr; no
# arduino-cli and no IDE. Flags are those of the core's platform.txt and of the uno entry of its
# boards.txt. DECIMAL_DIG: the core of Debian 12 uses it, and its avr-gcc does not define it.
#
#   make -f avr.mk SKETCH=DIR OUT=DIR LIBDIRS="DIR ..." [LIBS="Wire EEPROM"] [DEFS=-DNAME=1]
NAME := $(notdir $(SKETCH))
LIBS ?= Wire
DEFS ?=
# further libraries in 1.5 layout (directories that hold src/)
LIBDIRS ?=

AVR  ?= /usr/share/arduino/hardware/arduino/avr
CORE := $(AVR)/cores/arduino
OWN_LIBDIRS := $(LIBDIRS)
ALL_LIBDIRS := $(LIBDIRS) $(addprefix $(AVR)/libraries/,$(LIBS))

CPPFLAGS := $(DEFS) -mmcu=atmega328p -DF_CPU=16000000L -DARDUINO=10819 -DARDUINO_AVR_UNO \
  -DARDUINO_ARCH_AVR -DDECIMAL_DIG=__DECIMAL_DIG__ -I$(CORE) -I$(AVR)/variants/standard \
  $(ALL_LIBDIRS:%=-I%/src)
COMMON   := -g -Os -ffunction-sections -fdata-sections -MMD -MP -flto
CFLAGS   := $(COMMON) -std=gnu11 -fno-fat-lto-objects
CXXFLAGS := $(COMMON) -std=gnu++11 -fpermissive -fno-exceptions -fno-threadsafe-statics \
  -Wno-error=narrowing
# Our own code is free of warnings; what others wrote is theirs.
OWN_WARNINGS := -Wall -Wextra -Werror
LDFLAGS  := -Os -g -flto -fuse-linker-plugin -Wl,--gc-sections -mmcu=atmega328p

sources = $(sort $(foreach d,$(1),$(shell find -L $(d) -name '*.c' -o -name '*.cpp' -o -name '*.S')))
objects = $(addprefix $(OUT)/obj/,$(addsuffix .o,$(subst ../,,$(1:/%=%))))
CORE_SRC := $(call sources,$(CORE))
LIB_SRC  := $(call sources,$(ALL_LIBDIRS:%=%/src))
INO_OBJ  := $(OUT)/$(NAME).ino.o

all: $(OUT)/$(NAME).hex

$(OUT)/$(NAME).hex: $(OUT)/$(NAME).elf
	avr-objcopy -O ihex -R .eeprom $< $@
	avr-size -A $< | awk '/^\.(text|data)/{f+=$$2} /^\.(data|bss|noinit)/{r+=$$2} \
	  END{printf "$(NAME): flash %d of 32256, static RAM %d of 2048\n", f, r}' | tee $(OUT)/size.txt

$(OUT)/$(NAME).elf: $(INO_OBJ) $(call objects,$(LIB_SRC)) $(OUT)/core.a
	avr-gcc -w $(LDFLAGS) -o $@ $^ -lm

$(OUT)/core.a: $(call objects,$(CORE_SRC))
	rm -f $@ && avr-gcc-ar rcs $@ $^

# The IDE also writes prototypes for functions used before their definition; here a sketch declares
# such functions itself.
$(INO_OBJ): $(SKETCH)/$(NAME).ino
	@mkdir -p $(@D)
	avr-g++ -c $(OWN_WARNINGS) $(CXXFLAGS) $(CPPFLAGS) -x c++ -include Arduino.h $< -o $@

# rule SOURCE,OBJECT,WARNINGS: one object, out of tree
define rule
$(2): $(1)
	@mkdir -p $$(@D)
	$(if $(filter %.cpp,$(1)),avr-g++ $(3) $$(CXXFLAGS),$(if $(filter %.S,$(1)),avr-gcc \
	  -x assembler-with-cpp -flto -MMD -MP -g,avr-gcc $(3) $$(CFLAGS))) -c $$(CPPFLAGS) $$< -o $$@
endef
warnings = $(if $(filter $(OWN_LIBDIRS:%=%/%),$(1)),$(OWN_WARNINGS),-w)
$(foreach s,$(CORE_SRC) $(LIB_SRC),$(eval $(call rule,$(s),$(call objects,$(s)),$(call warnings,$(s)))))

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
.PHONY: all
