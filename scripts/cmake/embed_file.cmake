# cmake -DIN=file -DOUT=x.cpp -DHEADER=a/b.hpp -DFUNCTION=unibox::a::B -P embed_file.cmake: writes a file's bytes into a C++
# source, which defines FUNCTION, declared in HEADER as std::string_view().
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "#include \"${HEADER}\"\n\nstd::string_view ${FUNCTION}() {\n\
    static constexpr unsigned char kBytes[] = {${bytes}};\n\
    return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};\n}\n")
