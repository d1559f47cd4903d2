// The parameters of Twilio's webhooks: what is read, and what is passed over and why. A parameter
// with a number at its end stands here without it. See README.md beside it.
#include "channels/twilio/members.hpp"

namespace unibox::channels {
namespace {

constexpr std::string_view kRepeats = "another parameter says the same";
constexpr std::string_view kPlace = "where the number is registered, not where its owner is";
constexpr std::string_view kOurs = "what our own side sent or set up";
constexpr std::string_view kVersion = "the form of the request";
constexpr std::string_view kBilling = "what the provider counts or charges";
constexpr std::string_view kNetwork = "how the carrier calls it; the code says the same";

constexpr auto kParameters = Sorted(
    // Messages.
    Taken(
        "MessageSid",
        "SmsSid",
        "SmsMessageSid",
        "AccountSid",
        "From",
        "To",
        "Body",
        "NumMedia",
        "MediaUrl",
        "MediaContentType",
        "MessageStatus",
        "SmsStatus",
        "MessageType",
        "ProfileName",
        "ExternalUserId",
        "ButtonPayload",
        "ButtonText",
        "ListId",
        "ListTitle",
        "FlowData",
        "InteractiveData",
        "OriginalRepliedMessageSid",
        "Latitude",
        "Longitude",
        "Label",
        "Address",
        "OptOutType",
        "Forwarded",
        "FrequentlyForwarded"
    ),
    Taken(
        "ReferralBody",
        "ReferralHeadline",
        "ReferralSourceId",
        "ReferralSourceType",
        "ReferralSourceUrl",
        "ReferralMediaUrl",
        "ReferralMediaContentType",
        "ReferralCtwaClid"
    ),
    // Calls and the debugger.
    Taken(
        "ErrorCode",
        "CallSid",
        "CallStatus",
        "Direction",
        "Timestamp",
        "SequenceNumber",
        "CallDuration",
        "CallerName",
        "ForwardedFrom",
        "ParentCallSid",
        "SipResponseCode",
        "AnsweredBy",
        "RecordingUrl",
        "RecordingSid",
        "RecordingDuration",
        "Sid",
        "Level",
        "Payload"
    ),
    Ignored(
        kRepeats,
        "WaId",
        "ReferralNumMedia",
        "ReferralMediaId",
        "OriginalRepliedMessageSender",
        "ChannelMetadata",
        "ChannelPrefix",
        "ChannelToAddress",
        "Caller",
        "Called",
        "EventType",
        "ButtonType",
        "PayloadType",
        "ParentAccountSid",
        "SmsErrorCode"
    ),
    Ignored(
        kPlace,
        "FromCity",
        "FromState",
        "FromZip",
        "FromCountry",
        "ToCity",
        "ToState",
        "ToZip",
        "ToCountry",
        "CallerCity",
        "CallerState",
        "CallerZip",
        "CallerCountry",
        "CalledCity",
        "CalledState",
        "CalledZip",
        "CalledCountry"
    ),
    Ignored(
        kOurs,
        "MessagingServiceSid",
        "ChannelInstallSid",
        "StructuredMessage",
        "ListDescription",
        "ApplicationSid",
        "CallToken",
        "AddOns"
    ),
    Ignored(kVersion, "ApiVersion", "CallbackSource"),
    Ignored(kBilling, "NumSegments", "Duration", "Price", "PriceUnit"),
    Ignored(
        kNetwork,
        "ErrorMessage",
        "ChannelStatusMessage",
        "ChannelStatusCode",
        "RawDlrDoneDate",
        "StirVerstat",
        "StirPassportToken",
        "RecordingStatus",
        "RecordingSource",
        "RecordingChannels"
    )
);
constexpr MemberTable kTable{kParameters, {}};

}  // namespace

const MemberTable& TwilioParameterTable() {
    return kTable;
}

}  // namespace unibox::channels
