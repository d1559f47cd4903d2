// One value into a field, whatever it is read from: text of a query, or JSON.
// Thread safety: pure functions.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unibox::wire::detail {

// What a value of the field must be, for who sent another.
std::string TypeText(const google::protobuf::FieldDescriptor& field);

bool IsFieldMask(const google::protobuf::Descriptor& type);
// "name,displayName" or "name,display_name" into a FieldMask; false for an empty name.
bool ReadFieldMask(std::string_view text, google::protobuf::Message* message);

template <typename T, typename Setter, typename Adder>
bool Put(
    const google::protobuf::FieldDescriptor& field,
    const std::optional<T>& value,
    Setter set,
    Adder add
) {
    if (!value) return false;
    field.is_repeated() ? add(*value) : set(*value);
    return true;
}

#define UNIBOX_PUT(type, parsed)                                              \
    Put(                                                                      \
        field,                                                                \
        parsed,                                                               \
        [&](const auto& one) { reflection.Set##type(message, &field, one); }, \
        [&](const auto& one) { reflection.Add##type(message, &field, one); }  \
    )

// Sets the field, which is no message, or adds to it if it is a list; false if the source's value
// is none of its type. A source has, each giving an optional: Whole<T>(), Real<T>(), Truth(),
// Enum(descriptor) and Text(field).
template <class Source>
bool PutValue(
    const google::protobuf::FieldDescriptor& field,
    const Source& source,
    google::protobuf::Message* message
) {
    using Field = google::protobuf::FieldDescriptor;
    const google::protobuf::Reflection& reflection = *message->GetReflection();
    switch (field.cpp_type()) {
        case Field::CPPTYPE_INT32:
            return UNIBOX_PUT(Int32, source.template Whole<std::int32_t>());
        case Field::CPPTYPE_INT64:
            return UNIBOX_PUT(Int64, source.template Whole<std::int64_t>());
        case Field::CPPTYPE_UINT32:
            return UNIBOX_PUT(UInt32, source.template Whole<std::uint32_t>());
        case Field::CPPTYPE_UINT64:
            return UNIBOX_PUT(UInt64, source.template Whole<std::uint64_t>());
        case Field::CPPTYPE_DOUBLE:
            return UNIBOX_PUT(Double, source.template Real<double>());
        case Field::CPPTYPE_FLOAT:
            return UNIBOX_PUT(Float, source.template Real<float>());
        case Field::CPPTYPE_BOOL:
            return UNIBOX_PUT(Bool, source.Truth());
        case Field::CPPTYPE_ENUM:
            return UNIBOX_PUT(EnumValue, source.Enum(*field.enum_type()));
        case Field::CPPTYPE_STRING:
            return UNIBOX_PUT(String, source.Text(field));
        case Field::CPPTYPE_MESSAGE:
            break;
    }
    return false;
}

#undef UNIBOX_PUT

}  // namespace unibox::wire::detail
