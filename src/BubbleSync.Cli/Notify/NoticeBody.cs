using System.Globalization;
using System.Text.Json.Nodes;

namespace BubbleSync.Cli.Notify;

/// <summary>
/// A notice in the form that its receiver takes. All have <c>text</c>, which Slack, Mattermost, Google Chat and Teams' connectors show. Teams' workflows show
/// cards only, and Google Chat refuses names that it does not know.
/// </summary>
internal static class NoticeBody
{
    private static readonly string[] HostsOfTeams = [".webhook.office.com", ".logic.azure.com", ".api.powerplatform.com", ".api.powerautomate.com"];
    private static readonly string[] HostsOfTextOnly = ["hooks.slack.com", "hooks.slack-gov.com", "chat.googleapis.com"];

    /// <summary>Returns the body of the request.</summary>
    public static string Of(Uri receiver, RunNotice notice)
    {
        var body = new JsonObject { ["text"] = notice.Text };
        if (HostsOfTeams.Any(host => receiver.Host.EndsWith(host, StringComparison.OrdinalIgnoreCase)))
            AddCard(body, notice);
        else if (!HostsOfTextOnly.Contains(receiver.Host, StringComparer.OrdinalIgnoreCase))
            AddFields(body, notice);
        return body.ToJsonString();
    }

    // learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
    private static void AddCard(JsonObject body, RunNotice notice)
    {
        body["type"] = "message";
        body["attachments"] = new JsonArray(new JsonObject
        {
            ["contentType"] = "application/vnd.microsoft.card.adaptive",
            ["content"] = new JsonObject
            {
                ["type"] = "AdaptiveCard",
                ["version"] = "1.4",
                ["body"] = new JsonArray(new JsonObject { ["type"] = "TextBlock", ["text"] = notice.Text.Replace("\n", "\n\n"), ["wrap"] = true }),
            },
        });
    }

    private static void AddFields(JsonObject body, RunNotice notice)
    {
        body["command"] = notice.Command;
        body["status"] = notice.Status;
        body["exitCode"] = notice.Code;
        body["source"] = notice.Source;
        body["schema"] = notice.Schema;
        body["runId"] = notice.Report?.RunId?.ToString();
        body["startedAt"] = Time(notice.Report?.StartedAt);
        body["finishedAt"] = Time(notice.Report?.FinishedAt);
    }

    private static string? Time(DateTimeOffset? moment) => moment?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
