# SPDX-License-Identifier: MIT

# rein_warnings(<target>): our warnings for one of our targets; errors where REIN_WERROR is on.
function(rein_warnings target)
    set(both -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wundef -Wpointer-arith
             -Wwrite-strings)
    set(only_c -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition)
    if(REIN_WERROR)
        list(APPEND both -Werror)
    endif()
    target_compile_options(${target} PRIVATE ${both} "$<$<COMPILE_LANGUAGE:C>:${only_c}>")
endfunction()
