// Made by `npm run types --prefix scripts/api-types`; not to be edited.
// Document c03640cf1cbd23e57a5aee664941872807a824972292d90244729fbe58c201de
// Types 64c071b4d83535d708e4783b3475b4f359539170647d441f9a7ca08533902a93

export interface paths {
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            name: string;
                            username: string | null;
                            /** @enum {string} */
                            role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                            jurisdiction: string;
                            police: string | null;
                            rights: string[];
                            duties: ("password" | "code" | "second-factor")[];
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        username: string;
                        password: string;
                        code?: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            name: string;
                            username: string | null;
                            /** @enum {string} */
                            role: "admin" | "administrator" | "operator" | "commander" | "technician" | "integrator" | "auditor" | "approver" | "security" | "viewer";
                            jurisdiction: string;
                            police: string | null;
                            rights: string[];
                            duties: ("password" | "code" | "second-factor")[];
                        };
                    };
                };
            };
        };
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            devices: {
                                kind: string;
                                online: number;
                                offline: number;
                                stale: number;
                                silent: number;
                            }[];
                            messagesPerSecond: number;
                            alerts: {
                                extreme: number;
                                severe: number;
                                moderate: number;
                                minor: number;
                            };
                            faults: {
                                extreme: number;
                                severe: number;
                                moderate: number;
                                minor: number;
                            };
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["DeviceKind"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jurisdictions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Jurisdiction"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                rule: string;
                                version: number;
                                title: {
                                    en: string;
                                    zh: string;
                                };
                                /** @enum {string} */
                                severity: "extreme" | "severe" | "moderate" | "minor";
                                /** @enum {string} */
                                class: "incident" | "fault" | "system";
                                police?: boolean;
                                kinds: string[];
                                work_order?: boolean;
                                clip?: boolean;
                                condition: {
                                    [key: string]: unknown;
                                };
                            }[];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    kind?: string;
                    state?: "planned" | "installed" | "accepted" | "in-service" | "maintenance" | "retired";
                    owner?: string;
                    tier?: "police" | "government" | "social";
                    placeType?: string;
                    accessClass?: "public" | "key-site" | "minors";
                    lowLight?: "true" | "false";
                    hlc?: "true" | "false";
                    wdr?: "true" | "false";
                    q?: string;
                    text?: string;
                    jurisdiction?: string;
                    department?: string;
                    health?: "online" | "degraded" | "offline" | "unknown";
                    certificateBefore?: string;
                    police?: string;
                    gbId?: string;
                    tag?: string;
                    parent?: string;
                    below?: string;
                    bbox?: string;
                    polygon?: string;
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Device"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    on?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            kind: string;
                            name: string;
                            jurisdiction: string;
                            location: {
                                lat: number;
                                lon: number;
                                /** @enum {string} */
                                datum: "wgs84" | "gcj02";
                            };
                            parent: string | null;
                            cameras: string[];
                            purpose: string | null;
                            /** @enum {string} */
                            accessClass: "public" | "key-site" | "minors";
                            police?: string | null;
                            file: components["schemas"]["DeviceFile"];
                            /** @enum {string} */
                            state: "planned" | "installed" | "accepted" | "in-service" | "maintenance" | "retired";
                            unit: {
                                id: string;
                                maker: string | null;
                                model: string | null;
                                serial: string | null;
                                mac: string | null;
                                endpoint: string | null;
                                firmware: string | null;
                                certificate: {
                                    fingerprint: string;
                                    subject: string;
                                    /** Format: date-time */
                                    notAfter: string;
                                } | null;
                            } | null;
                            /** @enum {string} */
                            presence: "not-yet-seen" | "online" | "offline" | "stale";
                            lastSeenAt: string | null;
                            health: {
                                /** @enum {string} */
                                health: "online" | "degraded" | "offline" | "unknown";
                                cause: ("parent" | "children-together" | "no-answer" | "connection-lost" | "said-offline" | "silent" | "onvif" | "stream" | "no-data" | "never-heard") | null;
                                since: string | null;
                                why: {
                                    en: string;
                                    zh: string;
                                } | null;
                            } | null;
                            version: number;
                            /** Format: date-time */
                            createdAt: string;
                            /** Format: date-time */
                            updatedAt: string;
                            department: {
                                id: string;
                                name: {
                                    zh: string;
                                    en: string | null;
                                };
                                named: string;
                            } | null;
                            setup?: {
                                /** @enum {string} */
                                state: "trying" | "done" | "failed";
                                problem: string | null;
                                hint: string | null;
                                /** Format: date-time */
                                at: string;
                                clockSkewMs: number | null;
                            };
                            otherUnit?: {
                                /** Format: date-time */
                                since: string;
                                differs: ("serial" | "mac" | "endpoint" | "model")[];
                                maker: string | null;
                                model: string | null;
                                serial: string | null;
                                firmware: string | null;
                                mac: string | null;
                                endpoint: string | null;
                            };
                            events?: {
                                told: boolean;
                                problem: string | null;
                                unknownEvents: number;
                                unknown: {
                                    source: string;
                                    events: number;
                                    /** Format: date-time */
                                    last: string;
                                }[];
                            };
                            stream?: {
                                url: string;
                                subUrl: string | null;
                                login: "***" | null;
                            } | null;
                            onvif?: {
                                xaddr: string;
                                source?: string;
                                fingerprint?: string;
                                /** @enum {string} */
                                login: "***";
                            } | null;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/devices/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query: {
                    fields: string;
                    from: string;
                    to: string;
                    every?: string;
                    fn?: "min" | "max" | "mean" | "last" | "count";
                    limit?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            device: string;
                            points: {
                                /** Format: date-time */
                                at: string;
                                values: {
                                    [key: string]: number | boolean | string | null;
                                };
                            }[];
                            truncated: boolean;
                            /** @enum {string} */
                            source: "raw" | "5m" | "1h";
                            every: string | null;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    open?: "true" | "false";
                    handling?: "new" | "acked" | "assigned" | "dispatched" | "arrived" | "in_progress" | "closed";
                    condition?: "active" | "recovering" | "cleared" | "stale";
                    visibility?: "normal" | "silenced" | "inhibited" | "shelved" | "test";
                    severity?: "extreme" | "severe" | "moderate" | "minor";
                    class?: "incident" | "fault" | "system";
                    desk?: "police" | "maintenance" | "all";
                    rule?: string;
                    device?: string;
                    incident?: string;
                    jurisdiction?: string;
                    kind?: string;
                    from?: string;
                    to?: string;
                    mine?: "true" | "false";
                    parts?: "true" | "false";
                    storm?: string;
                    level?: "station" | "county" | "city";
                    police?: string;
                    order?: "newest" | "urgency";
                    limit?: number;
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Alert"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    plates?: "masked" | "whole";
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                id: string;
                                /** Format: date-time */
                                at: string;
                                actor: string;
                                /** @enum {string} */
                                type: "alert.opened" | "alert.updated" | "alert.cleared" | "alert.stale" | "alert.left" | "alert.arrived" | "alert.evidence" | "alert.acked" | "alert.unacked" | "alert.escalated" | "alert.assigned" | "alert.dispatched" | "alert.on_scene" | "alert.feedback" | "alert.commented" | "alert.shelved" | "alert.silenced" | "alert.merged" | "alert.split" | "alert.closed" | "alert.reopened" | "alert.receipt";
                                severity: string;
                                condition: string | null;
                                handling: string | null;
                                visibility: string | null;
                                verdict: string | null;
                                assignedTo: string | null;
                                unit: string | null;
                                level: string | null;
                                occurrences: number;
                                text: string | null;
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/near": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    within?: number;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: {
                                distanceM: number | null;
                                alert: components["schemas"]["Alert"];
                            }[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/rule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            rule: string;
                            version: number | null;
                            condition: {
                                [key: string]: unknown;
                            } | null;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/ack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        minutes?: number;
                    } | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/assign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        to: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/comment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        text: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/dispatch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        unit: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/arrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        unit?: string;
                    } | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        text: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/shelve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        minutes: number;
                        reason: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/unshelve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, never> | null;
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @enum {string} */
                        verdict: "confirmed" | "false_positive" | "misread_plate" | "duplicate" | "drill" | "no_action";
                        text?: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                    "if-match"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        text: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alert"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/bundle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * @default masked
                         * @enum {string}
                         */
                        plates?: "masked" | "whole";
                        purpose?: string;
                        case?: string;
                    };
                };
            };
            responses: {
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RecordingExport"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recording-exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["RecordingExport"][];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/recording-exports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** Format: uuid */
                            id: string;
                            alert: string | null;
                            plates: ("masked" | "whole") | null;
                            cameras: {
                                id: string;
                                name: string;
                                jurisdiction: string;
                            }[];
                            quality: ("main" | "sub") | null;
                            /** Format: date-time */
                            from: string;
                            /** Format: date-time */
                            to: string;
                            purpose: string;
                            case: string | null;
                            askedBy: {
                                type: string;
                                id: string;
                                name: string;
                                /** Format: date-time */
                                at: string;
                            };
                            approvedBy: {
                                type: string;
                                id: string;
                                name: string;
                                /** Format: date-time */
                                at: string;
                            } | null;
                            /** @enum {string} */
                            state: "asked" | "copying" | "ready" | "failed" | "removed";
                            detail: string | null;
                            bytes: number;
                            manifestSha256: string | null;
                            url: string | null;
                            expiresAt: string | null;
                            files: number;
                            filesDone: number;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: {
            parameters: {
                query?: {
                    state?: "open" | "closed";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            items: components["schemas"]["Incident"][];
                            next?: string;
                        };
                    };
                };
            };
        };
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        title: string;
                        alerts: string[];
                        takes?: {
                            rule?: string;
                            kind?: string;
                            device?: string;
                        };
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        alerts: string[];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/incidents/{id}/split": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        alerts: string[];
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Incident"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/silences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        jurisdiction: string;
                        police?: string | null;
                        rule?: string;
                        kind?: string;
                        device?: string;
                        reason: string;
                        /** Format: date-time */
                        startsAt?: string;
                        /** Format: date-time */
                        endsAt: string;
                    };
                };
            };
            responses: {
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Silence"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/silences/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        jurisdiction: string;
                        police?: string | null;
                        rule?: string;
                        kind?: string;
                        device?: string;
                    };
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            hides: number;
                            leaves: number;
                            alerts: components["schemas"]["Alert"][];
                        };
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Alert: {
            id: string;
            dedupKey: string;
            rule: string;
            title: {
                en: string;
                zh: string;
            };
            /** @enum {string} */
            severity: "extreme" | "severe" | "moderate" | "minor";
            /** @enum {string} */
            class: "incident" | "fault" | "system";
            /** @enum {string} */
            desk: "police" | "maintenance";
            /** @enum {string} */
            condition: "active" | "recovering" | "cleared" | "stale";
            conditionReason: string | null;
            /** @enum {string} */
            handling: "new" | "acked" | "assigned" | "dispatched" | "arrived" | "in_progress" | "closed";
            /** @enum {string} */
            visibility: "normal" | "silenced" | "inhibited" | "shelved" | "test";
            hidden: {
                by: string;
                until: string | null;
                reason: string | null;
            } | null;
            /** @enum {string} */
            audience: "everyone" | "confirming" | "named";
            verdict: string | null;
            subject: {
                type: string;
                id: string;
                name: string;
            };
            device: string | null;
            deviceName: string | null;
            jurisdiction: string;
            location: {
                lat: number;
                lon: number;
            } | null;
            police: string | null;
            /** Format: date-time */
            firstAt: string;
            /** Format: date-time */
            lastAt: string;
            occurrences: number;
            data: {
                [key: string]: unknown;
            };
            evidence: {
                id: string;
                /** @enum {string} */
                type: "picture" | "clip" | "unavailable";
                camera: string | null;
                /** Format: date-time */
                takenAt: string;
                ageMs: number | null;
                endsAt: string | null;
                sha256: string | null;
                url: string | null;
                reason: string | null;
            }[];
            comments: {
                by: string;
                /** Format: date-time */
                at: string;
                text: string;
            }[];
            ackedBy: string | null;
            ackedAt: string | null;
            ackUntil: string | null;
            assignedTo: string | null;
            unit: string | null;
            dispatchedAt: string | null;
            arrivedAt: string | null;
            incident: string | null;
            closedBy: string | null;
            closedAt: string | null;
            previousId: string | null;
            receipt: string;
            storm: string | null;
            stormCount: number;
            /** @enum {string} */
            level: "station" | "county" | "city";
            climbsAt: string | null;
            exercise: boolean;
            cases: {
                number: string;
                by: string;
                /** Format: date-time */
                at: string;
            }[];
            stamps: {
                deviceAt: string | null;
                /** Format: date-time */
                receivedAt: string;
                /** Format: date-time */
                decidedAt: string;
                /** Format: date-time */
                committedAt: string;
            };
            version: number;
        };
        Device: {
            id: string;
            kind: string;
            name: string;
            jurisdiction: string;
            location: {
                lat: number;
                lon: number;
                /** @enum {string} */
                datum: "wgs84" | "gcj02";
            };
            parent: string | null;
            cameras: string[];
            purpose: string | null;
            /** @enum {string} */
            accessClass: "public" | "key-site" | "minors";
            police?: string | null;
            file: components["schemas"]["DeviceFile"];
            /** @enum {string} */
            state: "planned" | "installed" | "accepted" | "in-service" | "maintenance" | "retired";
            unit: {
                id: string;
                maker: string | null;
                model: string | null;
                serial: string | null;
                mac: string | null;
                endpoint: string | null;
                firmware: string | null;
                certificate: {
                    fingerprint: string;
                    subject: string;
                    /** Format: date-time */
                    notAfter: string;
                } | null;
            } | null;
            /** @enum {string} */
            presence: "not-yet-seen" | "online" | "offline" | "stale";
            lastSeenAt: string | null;
            health: {
                /** @enum {string} */
                health: "online" | "degraded" | "offline" | "unknown";
                cause: ("parent" | "children-together" | "no-answer" | "connection-lost" | "said-offline" | "silent" | "onvif" | "stream" | "no-data" | "never-heard") | null;
                since: string | null;
                why: {
                    en: string;
                    zh: string;
                } | null;
            } | null;
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        DeviceFile: {
            gbId?: string;
            /** @enum {string} */
            tier?: "police" | "government" | "social";
            placeType?: string;
            address?: string;
            owner?: string;
            heading?: number;
            /** @enum {string} */
            mounting?: "pole" | "gantry" | "wall" | "roof" | "tower" | "ceiling" | "ground" | "vehicle" | "other";
            heightM?: number;
            lowLight?: boolean;
            hlc?: boolean;
            wdr?: boolean;
            resolution?: string;
            /** @enum {string} */
            network?: "police" | "video" | "government" | "internet" | "local";
            /** @enum {string} */
            link?: "fibre" | "copper" | "wifi" | "cellular" | "microwave";
            storageDays?: number;
            maintainer?: string;
            /** Format: date */
            warrantyEnd?: string;
            /** @enum {string} */
            power?: "mains" | "poe" | "solar" | "battery" | "vehicle";
            circuit?: string;
            pole?: string;
            loginShared?: boolean;
            tags?: string[];
        };
        DeviceKind: {
            kind: string;
            version: number;
            title: {
                en: string;
                zh: string;
            };
            stream: boolean;
            hangsOn?: string[];
            /** @enum {string} */
            codec: "json" | "cbor";
            periodS: number;
            staleAfterS: number;
            fields: {
                [key: string]: components["schemas"]["Field"];
            };
            events: {
                [key: string]: {
                    fields: {
                        [key: string]: components["schemas"]["Field"];
                    };
                    required: string[];
                };
            };
            commands: {
                [key: string]: {
                    args: {
                        [key: string]: components["schemas"]["Field"];
                    };
                    required: string[];
                    timeoutS: number;
                    expiresS: number;
                    /** @enum {string} */
                    role: "technician" | "operator" | "admin" | "gateway";
                };
            };
        };
        Field: {
            /** @enum {string} */
            type: "number" | "integer" | "boolean" | "text" | "enum" | "list";
            unit?: string | null;
            min?: number;
            max?: number;
            precision?: number;
            maxLength?: number;
            maxItems?: number;
            sensitive?: string;
            tag?: boolean;
            values?: string[];
        };
        Incident: {
            id: string;
            title: string;
            /** @enum {string} */
            state: "open" | "closed";
            jurisdiction: string;
            police: string | null;
            takes: {
                rule: string | null;
                kind: string | null;
                device: string | null;
            } | null;
            openedBy: string;
            /** Format: date-time */
            openedAt: string;
            closedBy: string | null;
            closedAt: string | null;
            alerts: number;
            version: number;
        };
        Jurisdiction: {
            code: string;
            name: {
                zh: string;
                en: string;
            };
            parent: string | null;
            validFrom: string | null;
            validTo: string | null;
            successor: string | null;
            members: string[];
            positions: number;
        };
        RecordingExport: {
            /** Format: uuid */
            id: string;
            alert: string | null;
            plates: ("masked" | "whole") | null;
            cameras: {
                id: string;
                name: string;
                jurisdiction: string;
            }[];
            quality: ("main" | "sub") | null;
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            purpose: string;
            case: string | null;
            askedBy: {
                type: string;
                id: string;
                name: string;
                /** Format: date-time */
                at: string;
            };
            approvedBy: {
                type: string;
                id: string;
                name: string;
                /** Format: date-time */
                at: string;
            } | null;
            /** @enum {string} */
            state: "asked" | "copying" | "ready" | "failed" | "removed";
            detail: string | null;
            bytes: number;
            manifestSha256: string | null;
            url: string | null;
            expiresAt: string | null;
        };
        Silence: {
            id: string;
            /** @enum {string} */
            state: "planned" | "active" | "ended";
            jurisdiction: string;
            police: string | null;
            rule: string | null;
            kind: string | null;
            device: string | null;
            reason: string;
            /** Format: date-time */
            startsAt: string;
            /** Format: date-time */
            endsAt: string;
            endedAt: string | null;
            endedBy: string | null;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            holds: number;
            version: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
