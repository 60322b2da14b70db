using System.Text.Json;
using System.Text.Json.Serialization;

namespace BubbleSync.Server.Webhooks;

/// <summary>The JSON of notices, by generated code.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(WebhookNotice))]
internal sealed partial class NoticeJson : JsonSerializerContext;
