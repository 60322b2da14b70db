using BubbleSync.Simulator.Generation;

namespace BubbleSync.Simulator.Serving;

/// <summary>What method and path ask for, under any prefix that ends in <c>/api/1.1</c>.</summary>
internal sealed record Route(RequestKind Kind, string Type, string? Id)
{
    private const string Root = "/api/1.1/";

    private static readonly Route Unknown = new(RequestKind.Other, "", null);

    public static Route Of(string method, string path)
    {
        var root = path.IndexOf(Root, StringComparison.Ordinal);
        if (root < 0)
            return Unknown;

        return path[(root + Root.Length)..].TrimEnd('/').Split('/') switch
        {
            ["meta"] when method == "GET" => new(RequestKind.Meta, "", null),
            ["meta", "swagger.json"] when method == "GET" => new(RequestKind.Swagger, "", null),
            ["obj", var type] => new(OfType(method), Shape.UrlOf(type), null),
            ["obj", var type, "bulk"] when method == "POST" => new(RequestKind.Bulk, Shape.UrlOf(type), null),
            ["obj", var type, var id] => new(OfRecord(method), Shape.UrlOf(type), id),
            _ => Unknown,
        };
    }

    private static RequestKind OfType(string method) => method switch
    {
        "GET" => RequestKind.List,
        "POST" => RequestKind.Create,
        _ => RequestKind.Other,
    };

    private static RequestKind OfRecord(string method) => method switch
    {
        "GET" => RequestKind.Get,
        "PATCH" => RequestKind.Patch,
        "PUT" => RequestKind.Replace,
        "DELETE" => RequestKind.Delete,
        _ => RequestKind.Other,
    };
}
