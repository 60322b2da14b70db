namespace BubbleSync.Simulator;

/// <summary>What a request asks for.</summary>
public enum RequestKind
{
    /// <summary>Something that the API does not have.</summary>
    Other,

    /// <summary>A page of records.</summary>
    List,

    /// <summary>One record.</summary>
    Get,

    /// <summary>A new record.</summary>
    Create,

    /// <summary>New records, one a line.</summary>
    Bulk,

    /// <summary>Some fields of a record changed.</summary>
    Patch,

    /// <summary>All fields of a record replaced.</summary>
    Replace,

    /// <summary>A record deleted.</summary>
    Delete,

    /// <summary>The types and their fields.</summary>
    Meta,

    /// <summary>The description of the API by Swagger.</summary>
    Swagger,
}
